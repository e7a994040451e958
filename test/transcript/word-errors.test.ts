import { expect, test } from 'vitest';
import { wordErrors } from '../support/word-errors.ts';

test.each([
  ['the same words', 'Thank you, sir.', 'thank YOU sir', 0, 3],
  ['one replaced', 'we made coffee', 'we made coughing', 1, 3],
  ['one left out', 'a view of the river', 'a view the river', 1, 5],
  ['one added', 'good morning', 'good old morning', 1, 2],
  ['nothing heard', 'good morning', '', 2, 2],
  ['apostrophes belong to the word', "don't", 'do not', 2, 1],
])('%s', (_, reference, hypothesis, errors, words) => {
  expect(wordErrors(reference, hypothesis)).toEqual({ errors, words, rate: errors / words });
});

test('two empty texts agree; a text out of nothing is all errors', () => {
  expect(wordErrors('', '').rate).toBe(0);
  expect(wordErrors('', 'dog dog').rate).toBe(2);
});
