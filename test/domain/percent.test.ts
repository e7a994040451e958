import { expect, test } from 'vitest';
import { percentDecoded } from '../../src/domain/percent.ts';

test.each([
  ['p%40ss', 'p@ss'],
  ['100%', '100%'],
  ['%E0%B9%84%E0%B8%97%E0%B8%A2', 'ไทย'],
  ['%E0%B9', '%E0%B9'],
])('%s is %s', (text, decoded) => {
  expect(percentDecoded(text)).toBe(decoded);
});
