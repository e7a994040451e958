import * as z from 'zod';
import { ERROR_KINDS } from '../domain/errors.ts';
import { LOG_LEVELS } from '../domain/log-level.ts';
import { STAGE_NAMES, STAGE_STATUSES } from '../domain/stage.ts';
import { ENGINE_NAMES } from '../engines/engine.ts';
import type { RunnerMessage } from '../runner/protocol.ts';

const count = z.int().nonnegative();
const error = z.object({
  kind: z.enum(ERROR_KINDS),
  message: z.string(),
  remedy: z.string().optional(),
  evidence: z.string().optional(),
  neededBytes: z.number().positive().optional(),
});
const word = z.object({
  text: z.string(),
  startMs: z.number(),
  endMs: z.number(),
  confidence: z.number(),
  joinsPrevious: z.boolean().optional(),
});

/** The arguments of each request, as a runner must send them. */
export const requestArguments = {
  setStage: z.tuple([
    z.enum(STAGE_NAMES),
    z.object({
      status: z.enum(STAGE_STATUSES),
      output: z.unknown().optional(),
      errorMessage: z.string().optional(),
      secondsLeft: z.number().nonnegative().optional(),
    }),
  ]),
  setFacts: z.tuple([
    z.object({
      durationSeconds: z.number().nonnegative().optional(),
      estimatedSeconds: z.number().nonnegative().optional(),
      sourceSha256: z.string().optional(),
      sourceBytes: count.optional(),
      sourceModifiedMs: z.number().optional(),
      engine: z.enum(ENGINE_NAMES).optional(),
      model: z.string().optional(),
      language: z.string().optional(),
      processes: z.int().positive().optional(),
      workers: z.int().positive().optional(),
      versions: z.record(z.string(), z.string()).optional(),
    }),
  ]),
  recordArtifact: z.tuple([
    z.object({ stage: z.enum(STAGE_NAMES), name: z.string(), path: z.string(), sha256: z.string(), bytes: count }),
  ]),
  planChunks: z.tuple([
    z.array(z.object({ number: count, startSample: count, endSample: count, speech: z.boolean() })),
  ]),
  pendingChunks: z.tuple([]),
  committedChunks: z.tuple([count, count]),
  chunkCounts: z.tuple([]),
  commitChunk: z.tuple([
    z.object({
      number: count,
      words: z.array(word),
      engine: z.string(),
      model: z.string(),
      workMs: z.number(),
      secondsLeft: z.number().nonnegative().optional(),
    }),
  ]),
  failChunk: z.tuple([count, error]),
  finish: z.tuple([z.object({ text: z.string() })]),
} as const;

const message = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('heartbeat'), sentAt: z.number() }),
  z.object({
    type: z.literal('progress'),
    progress: z.object({
      percent: z.number().min(0).max(100),
      stage: z.string(),
      chunk: count.optional(),
      chunks: count.optional(),
      speed: z.number().optional(),
      secondsLeft: z.number().optional(),
    }),
  }),
  z.object({ type: z.literal('log'), level: z.enum(LOG_LEVELS), stage: z.string(), message: z.string() }),
  z.object({
    type: z.literal('request'),
    id: z.int(),
    verb: z.enum(Object.keys(requestArguments) as [keyof typeof requestArguments]),
    args: z.array(z.unknown()),
  }),
  z.object({
    type: z.literal('done'),
    outcome: z.discriminatedUnion('type', [
      z.object({ type: z.literal('completed') }),
      z.object({ type: z.literal('failed'), error }),
      z.object({ type: z.literal('stopped') }),
    ]),
  }),
]);

/** A message as it came from a runner, or undefined when it is none: a runner is native code's neighbour and not trusted. */
export function parseRunnerMessage(raw: unknown): RunnerMessage | undefined {
  const parsed = message.safeParse(raw);
  return parsed.success ? (parsed.data as RunnerMessage) : undefined;
}
