import { UsageError } from '../domain/errors.ts';

/** What is wrong with a request, and where in it. */
export interface Fault {
  /** Such as `parameters.model`; empty for the whole. */
  at: string;
  message?: string | undefined;
}

/** A request that is not as its schema wants it, as a sentence of ours. */
export function invalidRequest(faults: readonly Fault[]): UsageError {
  const sentences = faults.map(({ at, message }) => [at, message].filter(Boolean).join(': '));
  return new UsageError(`The request is not valid: ${sentences.join('; ')}.`);
}
