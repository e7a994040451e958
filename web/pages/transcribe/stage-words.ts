/**
 * A stage in the language that is shown.
 *
 * @param stage as the API tells it; one before the first word of a runner is `fallback`
 * @param names what begins how, and what it is called
 */
export function stageInWords(
  stage: string,
  names: readonly (readonly [begins: string, here: string])[],
  fallback: string,
): string {
  if (stage === '' || /^[a-z_]+$/.test(stage)) return fallback;
  return names.find(([begins]) => stage.startsWith(begins))?.[1] ?? stage;
}
