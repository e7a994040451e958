/** How far a recognised text is from the words that were spoken. */
export interface WordErrors {
  /** Words replaced, left out or added, the fewest that turn one text into the other. */
  errors: number;
  /** Words in the reference. */
  words: number;
  /** `errors / words`; 0 when both texts are empty, 1 when only the reference is. */
  rate: number;
}

/**
 * The word error rate: Levenshtein's distance over words, without regard to case and punctuation.
 *
 * @param reference the words that were spoken.
 * @param hypothesis what the recogniser made of them.
 */
export function wordErrors(reference: string, hypothesis: string): WordErrors {
  const spoken = words(reference);
  const heard = words(hypothesis);
  let row = Array.from({ length: heard.length + 1 }, (_, column) => column);
  for (const [index, word] of spoken.entries()) {
    const next = [index + 1];
    for (const [column, other] of heard.entries()) {
      const replaced = row[column]! + (word === other ? 0 : 1);
      next.push(Math.min(replaced, row[column + 1]! + 1, next[column]! + 1));
    }
    row = next;
  }
  const errors = row.at(-1)!;
  return { errors, words: spoken.length, rate: errors === 0 ? 0 : errors / Math.max(1, spoken.length) };
}

function words(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+(?:['’][\p{L}\p{N}]+)*/gu) ?? [];
}
