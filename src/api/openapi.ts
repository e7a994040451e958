/** The document that describes the API, made from the schemas that check it, and pages that show it. Only over TCP. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { VERSION } from '../version.ts';
import { PROBLEM_MEDIA_TYPE } from './schemas/problem.ts';

const DESCRIPTION = `Longhand turns recordings into text and never loses one.

Times are ISO 8601 in UTC, durations are seconds where their name does not say otherwise. Every error is a problem
(RFC 9457) with a stable \`code\`, a sentence and, where there is one, the remedy.`;

const TAGS = [
  { name: 'Jobs', description: 'Recordings that become text' },
  { name: 'Control', description: 'Go on, again, rest, give up, go first, go away' },
  { name: 'Queue', description: 'What runs and what waits' },
  { name: 'Transcripts', description: 'The text' },
  { name: 'Events', description: 'What happens, as it happens' },
  { name: 'Logs', description: 'What jobs wrote down' },
  { name: 'Models', description: 'Whisper models on this machine' },
  { name: 'Service', description: 'Its health, settings and figures' },
  { name: 'Uploads', description: 'Recordings that come in parts (tus 1.0.0)' },
  { name: 'OpenAI', description: "What OpenAI's clients call, with a base URL that ends in /v1" },
  { name: 'Access', description: 'Who may come in' },
  { name: 'Notifications', description: 'Who is told when a job ends' },
  { name: 'Watched folders', description: 'For whoever hands in what appears in a folder' },
];

/** Nothing from elsewhere and no script in a page. The pages set styles by script and show icons from their style sheet. */
const POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; frame-ancestors 'none'";

/** Answers that any route may give; a route names those that only it may give. */
const ANY_ROUTE = {
  '4XX': {
    description: 'The request was refused: it is not valid (400), nobody is signed in (401), this is not allowed (403)',
    content: { [PROBLEM_MEDIA_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
  },
};

/**
 * Collects every route that is registered from now on; call it before the first one.
 * `/api/openapi.json` is the document, `/api/docs` shows it.
 */
export async function describeRoutes(server: FastifyInstance): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Longhand', version: VERSION, description: DESCRIPTION },
      servers: [{ url: '/' }],
      tags: TAGS,
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'An API key' },
          cookie: { type: 'apiKey', in: 'cookie', name: 'longhand_session', description: 'The session of a browser' },
        },
      },
      // None is needed where no password and no keys are set.
      security: [{ bearer: [] }, { cookie: [] }, {}],
    },
    transform: (route) => {
      const body = bodiesOf(route);
      const { schema, url } = jsonSchemaTransform(
        body ? { ...route, schema: { ...route.schema, body: undefined } } : route,
      );
      const response = { ...(schema as { response?: object })?.response };
      return { schema: { ...(schema ?? {}), ...(body ? { body } : {}), response }, url };
    },
    transformObject: (document) => withProblems(jsonSchemaTransformObject(document) as OpenApi) as never,
  });
  await server.register(swaggerUi, {
    routePrefix: '/api/docs',
    staticCSP: POLICY,
    uiConfig: {
      layout: 'BaseLayout',
      deepLinking: true,
      docExpansion: 'list',
      validatorUrl: null,
      tryItOutEnabled: true,
    },
    theme: { title: 'Longhand API' },
  });
  server.get(
    '/api/openapi.json',
    { schema: showDocument },
    () => server.swagger() as unknown as Record<string, unknown>,
  );
}

type Route = Parameters<typeof jsonSchemaTransform>[0];
type Contents = Record<string, { schema: z.ZodType }>;

/** The bodies of a route by their media types, where it takes others than JSON; undefined where it does not. */
function bodiesOf(route: Route) {
  const { content = {} } = (route.schema?.body ?? {}) as { content?: Contents };
  const read = Object.entries(route.route?.config?.reads ?? {}).map(([type, schema]) => [type, { schema }] as const);
  const all = Object.entries({ ...content, ...Object.fromEntries(read) });
  if (all.length === 0) return undefined;
  const described = all.map(([type, { schema }]) => [type, { schema: jsonSchemaOf(route, schema) }]);
  return { content: Object.fromEntries(described) };
}

function jsonSchemaOf(route: Route, body: z.ZodType): unknown {
  return (jsonSchemaTransform({ ...route, schema: { body } }).schema as { body: unknown }).body;
}

const showDocument = {
  tags: ['Service'],
  operationId: 'showOpenApi',
  summary: 'This document',
  response: { 200: z.looseObject({ openapi: z.string() }) },
};

interface OpenApi {
  paths: Record<string, Record<string, { responses: Record<string, unknown> }>>;
}

function withProblems(document: OpenApi): OpenApi {
  for (const operations of Object.values(document.paths)) {
    for (const operation of Object.values(operations)) operation.responses = { ...ANY_ROUTE, ...operation.responses };
  }
  return document;
}
