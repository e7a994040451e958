/**
 * The doors of the service: what every request over TCP passes before its route.
 *
 * 1. Security headers are set on whatever will be answered.
 * 2. The `Host` is one of ours (`hosts.ts`), and what changes something comes from no page of another site (`origin.ts`).
 * 3. Somebody is let in: by a key, by the session of a browser, or because there are no users and no keys yet and the request
 *    comes from this machine.
 * 4. The scope is the one that the route needs (`scopes.ts`).
 * 5. The job that the path names is one that the caller may touch. To others it is as if there were none.
 * 6. What is done from there on stands in the trail by the caller's name.
 *
 * All of it is passed at once where nothing must be looked up, as with most requests: a promise would cost more than the door.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type AtOnce, goOnWith } from '../../domain/at-once.ts';
import { UsageError } from '../../domain/errors.ts';
import { allows } from '../../domain/scope.ts';
import { inNameOf } from '../../jobs/actor.ts';
import {
  type Identity,
  identityOfKey,
  identityOfSession,
  isLocked,
  keyHolder,
  sessionHolder,
} from '../../jobs/credentials.ts';
import { requireOwn } from '../../jobs/ownership.ts';
import { type Caller, LOCAL_OWNER } from '../caller.ts';
import type { ApiContext } from '../context.ts';
import { limitBodyTime } from './body-deadline.ts';
import { HostRefusedError, NotSignedInError, OnlyFromHereError, OriginRefusedError, ScopeError } from './errors.ts';
import { setSecurityHeaders } from './headers.ts';
import { type Host, isLocalName, isOurs, parseAllowed, parseHost } from './hosts.ts';
import { isLoopbackAddress } from './loopback.ts';
import { changesSomething, isForeign } from './origin.ts';
import { needsOf, type RouteNeeds } from './route-needs.ts';
import { sessionIdOf } from './session-cookie.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** How the caller came in over TCP; undefined: not at all. */
    door: 'open' | 'key' | 'session' | undefined;
    /** Whether who came in over TCP still would, as the same; for what stays open. */
    isStillIn?: (() => Promise<boolean>) | undefined;
    /** @throws NotSignedInError when not; for an answer that took long */
    requireStillIn?(): Promise<void>;
  }
}

/** Nobody who has said who it is: has no jobs, and may only what is open to everybody. */
const NOBODY: Caller = { actor: 'nobody', userId: '', scope: 'read', local: false };

/** Whoever comes from this machine while there are no users and no keys. */
const ANYBODY_HERE: Caller = { ...LOCAL_OWNER, local: false };

/** Puts the doors in front of all routes that the server gets from here on. */
export function installDoors(
  server: FastifyInstance,
  store: ApiContext['store'],
  allowedHosts: readonly string[] = [],
): void {
  const allowed = parseAllowed(allowedHosts);
  server.decorateRequest('door', undefined);
  server.decorateRequest('isStillIn', undefined);
  server.decorateRequest('requireStillIn', async function requireStillIn(this: FastifyRequest) {
    if (!this.isStillIn || (await this.isStillIn())) return;
    throw new NotSignedInError(this.door === 'key' || this.door === 'session' ? this.door : 'nothing');
  });
  server.addHook('onRequest', (request, reply, done) => {
    request.caller = NOBODY;
    setSecurityHeaders(reply.raw);
    const host = requireOurHost(request, allowed);
    const { headers, method, routeOptions } = request;
    if (changesSomething(method, headers) && isForeign(headers, host, allowed)) throw new OriginRefusedError();
    const needs = needsOf(method, routeOptions.url ?? '');
    const passed = goOnWith(letIn(request, reply, store, { host, needs }), () => requireOwnJob(request, store, needs));
    if (passed instanceof Promise) passed.then(() => done(), done);
    else done();
  });
  limitBodyTime(server);
  // As late as this, because what reads a body goes on in no request's name. What only looks has none.
  server.addHook('preValidation', ({ method, headers, caller }, _reply, done) => {
    if (changesSomething(method, headers)) inNameOf(caller.actor, done);
    else done();
  });
}

function requireOurHost({ raw, headers: { host: text } }: FastifyRequest, allowed: readonly Host[]): Host {
  const host = text === undefined ? undefined : parseHost(text);
  if (!host || !isOurs(host, raw, allowed)) throw new HostRefusedError(text);
  return host;
}

function letIn(
  request: FastifyRequest,
  reply: FastifyReply,
  store: ApiContext['store'],
  { host, needs }: { host: Host; needs: RouteNeeds },
): AtOnce<void> {
  return goOnWith(isLocked(store), (locked) => {
    if (!locked) return letInWithoutUsers(request, store, { host, needs });
    return goOnWith(identify(request, store), (found) => letInAs(found, request, reply, needs));
  });
}

function letInWithoutUsers(
  request: FastifyRequest,
  store: ApiContext['store'],
  { host, needs: { scope: needed } }: { host: Host; needs: RouteNeeds },
): void {
  if (isFromHere(request, host)) {
    request.caller = ANYBODY_HERE;
    request.door = 'open';
    request.isStillIn = async () => !(await isLocked(store));
  } else if (needed !== 'open') throw new OnlyFromHereError();
}

function letInAs(found: Given, request: FastifyRequest, reply: FastifyReply, { scope: needed }: RouteNeeds): void {
  if (typeof found === 'object') {
    const { identity, door, now } = found;
    const { name, userId, scope } = identity;
    request.caller = { actor: name, userId, scope, local: false };
    request.door = door;
    request.isStillIn = async () => isSame(identity, await now());
    if (needed !== 'open' && !allows(scope, needed)) throw new ScopeError(needed, scope);
  } else if (needed !== 'open') {
    reply.header('www-authenticate', `Bearer realm="longhand"${found === 'nothing' ? '' : ', error="invalid_token"'}`);
    throw new NotSignedInError(found);
  }
}

/** A proxy on this machine speaks for others, who are somewhere else. */
function isFromHere({ socket, headers }: FastifyRequest, host: Host): boolean {
  const { remoteAddress } = socket;
  const isDirect = headers['x-forwarded-for'] === undefined && headers.forwarded === undefined;
  return isDirect && isLocalName(host) && remoteAddress !== undefined && isLoopbackAddress(remoteAddress);
}

interface Found {
  identity: Identity;
  door: 'key' | 'session';
  /** Who would come in by the same now. */
  now(): AtOnce<Identity | undefined>;
}

function isSame({ userId, scope }: Identity, now: Identity | undefined): boolean {
  return now !== undefined && now.userId === userId && now.scope === scope;
}

/** Who it is, or what was given that is not known. */
type Given = Found | 'nothing' | 'key' | 'session' | 'scheme';

/** A key comes before a session. */
function identify(request: FastifyRequest, store: ApiContext['store']): AtOnce<Given> {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const [, key] = /^Bearer +(\S+) *$/i.exec(authorization) ?? [];
    if (key === undefined) return 'scheme';
    const now = () => keyHolder(store, key);
    return goOnWith(identityOfKey(store, key), (identity) => (identity ? { identity, door: 'key', now } : 'key'));
  }
  const id = sessionIdOf(request);
  if (id === undefined) return 'nothing';
  const now = () => sessionHolder(store, id);
  return goOnWith(identityOfSession(store, id), (identity) =>
    identity ? { identity, door: 'session', now } : 'session',
  );
}

function requireOwnJob(
  { params, caller }: FastifyRequest,
  store: ApiContext['store'],
  { job: name }: RouteNeeds,
): AtOnce<void> {
  if (caller.userId === null || name === undefined) return;
  const id = (params as Record<string, string>)[name] ?? '';
  if (!/^\d{1,15}$/.test(id)) throw new UsageError(`${JSON.stringify(id)} is not the number of a job.`);
  return requireOwn(store, caller.userId, Number(id));
}
