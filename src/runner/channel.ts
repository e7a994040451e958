import { LonghandError } from '../domain/errors.ts';
import { type Checkpoint, LeaseLostError } from '../pipeline/checkpoint.ts';
import type { CheckpointVerb, RunnerMessage, SupervisorMessage } from './protocol.ts';

/** The runner's end of the fork channel. */
export interface Channel {
  send(message: RunnerMessage): void;
  /** Sends and resolves when the message has left this process. */
  sendAndFlush(message: RunnerMessage): Promise<void>;
  on(listener: (message: SupervisorMessage) => void): void;
}

/** The fork channel of this process. */
export function forkChannel(): Channel {
  const send = process.send?.bind(process);
  if (!send) throw new Error('This program is started by Longhand itself; run `longhand transcribe` instead.');
  // A message that cannot be sent means that the supervisor is gone; 'disconnect' then ends this process.
  const ignore = () => undefined;
  return {
    send: (message) => {
      if (process.connected) send(message, undefined, undefined, ignore);
    },
    sendAndFlush: (message) =>
      new Promise((resolve) => {
        if (process.connected) send(message, undefined, undefined, () => resolve());
        else resolve();
      }),
    on: (listener) => {
      process.on('message', (message) => listener(message as SupervisorMessage));
    },
  };
}

type Waiting = { resolve(value: unknown): void; reject(error: unknown): void };

/** The checkpoint as the pipeline sees it: each call is a request, each promise resolves after the commit. */
export function checkpointOver(channel: Channel): Checkpoint {
  const waiting = new Map<number, Waiting>();
  let lastId = 0;

  channel.on((message) => {
    if (message.type !== 'answer') return;
    const request = waiting.get(message.id);
    waiting.delete(message.id);
    if (!request) return;
    if (message.ok) request.resolve(message.value);
    else if (message.lost) request.reject(new LeaseLostError('The job was taken over or cancelled.'));
    else request.reject(new LonghandError(message.error));
  });

  const ask = (verb: CheckpointVerb, ...args: unknown[]) =>
    new Promise<never>((resolve, reject) => {
      lastId += 1;
      waiting.set(lastId, { resolve: resolve as (value: unknown) => void, reject });
      channel.send({ type: 'request', id: lastId, verb, args });
    });

  return {
    setStage: (name, change) => ask('setStage', name, change),
    setFacts: (facts) => ask('setFacts', facts),
    recordArtifact: (artifact) => ask('recordArtifact', artifact),
    planChunks: (chunks) => ask('planChunks', chunks),
    pendingChunks: () => ask('pendingChunks'),
    committedChunks: (from, limit) => ask('committedChunks', from, limit),
    chunkCounts: () => ask('chunkCounts'),
    commitChunk: (chunk) => ask('commitChunk', chunk),
    failChunk: (number, error) => ask('failChunk', number, error),
    finish: (result) => ask('finish', result),
  };
}
