import type { EngineWorker } from '../engines/engine.ts';

/**
 * Opens an engine worker, unless the wish to stop comes first: it may take seconds to load a model. A worker that opens
 * after that is closed, and one that fails to was ended with the run.
 * @returns undefined when `abort` came first
 */
export async function openUnlessAborted(
  abort: AbortSignal,
  open: () => Promise<EngineWorker>,
): Promise<EngineWorker | undefined> {
  if (abort.aborted) return undefined;
  const opening = open();
  let giveUp: () => void = () => undefined;
  const aborted = new Promise<undefined>((resolve) => {
    giveUp = () => resolve(undefined);
    abort.addEventListener('abort', giveUp, { once: true });
  });
  try {
    const worker = await Promise.race([opening, aborted]);
    if (!abort.aborted) return worker;
  } catch (error) {
    if (!abort.aborted) throw error;
  } finally {
    abort.removeEventListener('abort', giveUp);
  }
  opening.then((late) => late.close()).catch(() => undefined);
  return undefined;
}
