/** So long a page that is never idle is waited for. */
const AT_LATEST_MS = 2_000;
/** Where browsers do not tell when they are idle (Safari). */
const SOON_MS = 200;

/**
 * Does something when the browser has nothing else to do: for what the page will need, and does not need to be used.
 *
 * @returns a function that takes it back
 */
export function whenIdle(task: () => void): () => void {
  if (!('requestIdleCallback' in window)) {
    const soon = setTimeout(task, SOON_MS);
    return () => clearTimeout(soon);
  }
  const idle = requestIdleCallback(task, { timeout: AT_LATEST_MS });
  return () => cancelIdleCallback(idle);
}
