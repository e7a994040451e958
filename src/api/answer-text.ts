/** By the answer. Gone with it. */
const texts = new WeakMap<object, string>();

/** An answer as JSON. What is frozen stays as it is, so its text is made once, however often it is asked for. */
export function textOf(answer: unknown): string {
  if (typeof answer !== 'object' || answer === null || !Object.isFrozen(answer)) return JSON.stringify(answer);
  let text = texts.get(answer);
  if (text === undefined) {
    text = JSON.stringify(answer);
    texts.set(answer, text);
  }
  return text;
}
