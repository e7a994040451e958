/** The examples of docs/notifications.md, run. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { signatureOf } from '../../src/notify/signature.ts';
import { scratchPath } from '../support/scratch.ts';

const GUIDE = readFileSync('docs/notifications.md', 'utf8');
const SECRET = 'sixteen letters!';
const BODY = '{"id":"e-1","job":{"filename":"ถาม \\"ß\\" 🎙.flac"}}';
const SECONDS = 1_767_225_600;

/** Header, body, seconds, and whether it is to be believed. */
const CASES: [string, string, number, boolean][] = [
  [signatureOf(BODY, SECRET, SECONDS * 1000), BODY, SECONDS + 299, true],
  [signatureOf(BODY, SECRET, SECONDS * 1000), BODY, SECONDS + 301, false],
  [signatureOf(BODY, SECRET, SECONDS * 1000), BODY.replace('e-1', 'e-2'), SECONDS, false],
  [signatureOf(BODY, 'another secret!!', SECONDS * 1000), BODY, SECONDS, false],
  [signatureOf(BODY, SECRET, SECONDS * 1000).replace(`t=${SECONDS}`, `t=${SECONDS + 9}`), BODY, SECONDS, false],
  ['', BODY, SECONDS, false],
];

function example(language: string): string {
  const code = new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(GUIDE)?.[1];
  if (!code) throw new Error(`The guide has no example in ${language}.`);
  return code;
}

test('the example in TypeScript believes what is ours and fresh, and nothing else', async () => {
  const path = scratchPath('verify.ts');
  writeFileSync(path, example('ts'));
  const { isFromLonghand } = await import(/* @vite-ignore */ path);
  for (const [header, body, now, valid] of CASES) expect(isFromLonghand(header, body, SECRET, now)).toBe(valid);
});

test('so does the one in Python', () => {
  const ask = `import json, sys\nfor h, b, n, _ in json.load(sys.stdin): print(is_from_longhand(h, b.encode(), "${SECRET}", n))`;
  const input = JSON.stringify(CASES);
  const said = execFileSync('python3', ['-c', `${example('python')}\n${ask}`], { input, encoding: 'utf8' });
  expect(said.trim().split('\n')).toEqual(CASES.map(([, , , valid]) => (valid ? 'True' : 'False')));
});
