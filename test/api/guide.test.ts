/** docs/api.md as a newcomer follows it: every example, from the first to the last, against one service. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PACKAGE_ROOT } from '../../src/package-root.ts';
import { scratchPath } from '../support/scratch.ts';
import { speak } from '../support/speech.ts';
import { type Service, startService } from './service.ts';

const run = promisify(execFile);

const guide = readFileSync(join(PACKAGE_ROOT, 'docs', 'api.md'), 'utf8');
const examples = [...guide.matchAll(/^```(sh|ts)\n(.*?)^```$/gms)].map(([, language, code]) => ({
  language: language as 'sh' | 'ts',
  code: code as string,
  title: (code as string).split('\n').find((line) => /curl|fetch|new [A-Z]\w+\(`|new OpenAI/.test(line)) ?? '',
}));

/** What must be in what an example prints, by its first line that asks something; the rest must print JSON that is no problem. */
const PRINTS: [RegExp, RegExp][] = [
  [/jobs\/999"/, /"code":"job_not_found"/],
  [/-F file=\S+ -F language=en -F priority=5/, /^\{"id":1,/],
  [/api\/uploads"/, /^upload-offset: [1-9]\d*\s+\{"id":1,.*"duplicateOf"/im],
  [/api\/jobs\?\$\{query\}/, /^1 \w+ speech/],
  [/jobs\/1\/events/, /^completed$/m],
  [/-sN/, /^event: submitted$[\s\S]*^event: ready$/m],
  [/lastEventId=\$/, /^\d+ submitted \{[\s\S]*^\d* ready /m],
  [/transcription\/1\/progress/, /^\{"progress":100,.*"status":"completed"\}$/m],
  [/v1\/audio/, /^\{"task":"transcribe","language":"english",.*"words":\[\{"word":/],
  [/new OpenAI/, /good morning/],
  [/KEY=/, /^\{"jobs":\[\{"id":1,.*\{"name":"reports"\}$/s],
  [/-X PUT/, /^\{"version":\{"number":2,.*"saved":true\}\{"versions":\[\{"number":1,/],
  [/transcript"/, /00:00:00,\d{3} --> [\s\S]*content-disposition: attachment; filename="speech-\w+\.vtt"/i],
  [/jobs\/1\/audio/, /^content-type: audio\/wav\s[\s\S]*^content-range: bytes 0-99\/\d+/im],
  [/compare/, /^\{"from":1,"to":2,"changed":1,.*\{"version":\{"number":3,/],
  [/evidence/, /^Evidence of job 1: /],
  [/bulk/, /"done":1,"failed":1/],
];

let service: Service;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  service = await startService();
  env = { ...process.env, LONGHAND: service.address, RECORDING: await speak('good morning to all of you') };
});
afterAll(() => service.stop());

test('there are examples in both languages', () => {
  expect(examples.filter(({ language }) => language === 'sh').length).toBeGreaterThan(5);
  expect(examples.filter(({ language }) => language === 'ts').length).toBeGreaterThan(1);
});

test.each(examples)('$language: $title', async ({ language, code, title }) => {
  const printed = language === 'sh' ? await shell(code) : await script(code);
  const expected = PRINTS.find(([example]) => example.test(title))?.[1];
  if (expected) expect(printed).toMatch(expected);
  else {
    expect(printed).toMatch(/^\{/);
    expect(printed).not.toContain('"code":');
  }
});

async function shell(code: string): Promise<string> {
  return (await run('bash', ['-euo', 'pipefail', '-c', code], { env })).stdout;
}

async function script(code: string): Promise<string> {
  const outfile = scratchPath(`example-${examples.findIndex((example) => example.code === code)}.mjs`);
  const stdin = { contents: code, loader: 'ts', resolveDir: PACKAGE_ROOT } as const;
  // What CommonJS packages ask for.
  const banner = { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" };
  await build({ stdin, outfile, banner, bundle: true, platform: 'node', format: 'esm', target: 'node20' });
  return (await run(process.execPath, [outfile], { env })).stdout;
}
