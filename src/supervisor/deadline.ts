import { duration } from '../domain/duration.ts';

/**
 * What a promise settles to, unless it takes too long.
 * @param what begins the sentence of the error
 * @throws Error when the time is over; whatever comes later is ignored
 */
export async function within<T>(timeoutMs: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    const error = new Error(`${what} took longer than ${duration(timeoutMs / 1000)}.`);
    timer = setTimeout(() => reject(error), timeoutMs);
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
