/** What the reader of a transcript must know when memory ran out with a model and a smaller one took over. */

/** A chunk of a recording and the model that recognised it. */
export interface ModelSpan {
  startMs: number;
  model: string;
}

/**
 * 'Memory ran out with medium; from 0:12:30 on the model is small.'
 * @param spans the chunks that hold speech, in order
 * @param earlierModels the models that memory ran out with, in order
 * @param model the one that was taken last
 * @returns undefined when memory never ran out
 */
export function modelChangeWarning(
  spans: readonly ModelSpan[],
  { earlierModels, model }: { earlierModels: readonly string[]; model: string },
): string | undefined {
  const [first] = earlierModels;
  if (first === undefined) return undefined;
  const ranOut = `Memory ran out with ${listed(earlierModels)}`;
  const stretches = stretchesOf(spans);
  const smaller = new Set(stretches.map((stretch) => stretch.model).filter((name) => name !== first));
  if (smaller.size === 0) return `${ranOut}; the model is ${stretches.length > 0 ? first : model}.`;
  if (stretches.length === 1) return `${ranOut}; the model is ${[...smaller][0]}.`;
  const parts = [...smaller].map((name) => `${whereIs(name, stretches)} the model is ${name}`);
  return `${ranOut}; ${listed(parts)}.`;
}

function stretchesOf(spans: readonly ModelSpan[]): ModelSpan[] {
  return spans.filter(({ model }, index) => index === 0 || model !== spans[index - 1]?.model);
}

function whereIs(model: string, stretches: readonly ModelSpan[]): string {
  const places = stretches.flatMap((stretch, index) => {
    if (stretch.model !== model) return [];
    const next = stretches[index + 1];
    const from = `from ${clock(stretch.startMs)}`;
    return [next ? `${from} to ${clock(next.startMs)}` : `${from} on`];
  });
  return listed(places);
}

function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join() : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

/** `h:mm:ss`, as players show it. */
function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
