import { UsageError } from '../domain/errors.ts';

/**
 * A job's number as it was typed.
 * @throws UsageError
 */
export function jobIdOf(text: string): number {
  const id = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(id) && id > 0) return id;
  throw new UsageError(`"${text}" is not the number of a job.`, 'See: longhand jobs');
}

/** Several of them, each once. */
export function jobIds(texts: readonly string[]): number[] {
  return [...new Set(texts.map(jobIdOf))];
}
