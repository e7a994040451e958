/** The same as in `src/engines/model-download.ts`; a test holds the two together. */
export const DEFAULT_MODEL_SOURCE = 'https://huggingface.co/ggerganov/whisper.cpp/resolve/main';
const ANSWER_WITHIN_MS = 4_000;

/** Where models come from: the mirror the user chose, or the hub. */
export function modelSource() {
  return (process.env.LONGHAND_MODEL_MIRROR || DEFAULT_MODEL_SOURCE).replace(/\/+$/, '');
}

/**
 * Whether the source has the model that would be pulled. Asks for its head only.
 * @param {string} source
 * @param {AbortSignal} signal aborted when the set-up is interrupted
 */
export async function sourceAnswers(source, signal) {
  try {
    const answer = await fetch(`${source}/ggml-base.bin`, {
      method: 'HEAD',
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
    });
    return answer.ok;
  } catch {
    // No network, no such host, no answer in time: all mean that nothing can be pulled from there now.
    return false;
  }
}
