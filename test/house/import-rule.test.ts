/** The arrows of docs/architecture.md, as the linter enforces them: every forbidden one is planted and must be refused. */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { scratchPath } from '../support/scratch.ts';

const RULE = 'lint/style/noRestrictedImports';
const BIOME = join(process.cwd(), 'node_modules/.bin/biome');
const ROOMS = readdirSync('src', { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** Arrows that point outward, or past a seam: where the import stands, and what it names. */
const REFUSED: [file: string, target: string][] = [
  ['src/domain/planted.ts', '../config/schema.ts'],
  ['src/domain/planted.ts', 'node:fs'],
  ['src/domain/planted.ts', 'zod'],
  ['src/config/planted.ts', '../store/jobs.ts'],
  ['src/config/planted.ts', '../engines/whisper.ts'],
  ['src/store/planted.ts', '../supervisor/run.ts'],
  ['src/store/planted.ts', '../transcript/merge.ts'],
  ['src/store/migrations/planted.ts', '../../jobs/submit.ts'],
  ['src/native/planted.ts', '../domain/errors.ts'],
  ['src/files/planted.ts', '../store/store.ts'],
  ['src/transcript/planted.ts', '../engines/engine.ts'],
  ['src/transcript/formats/planted.ts', '../../cli/output.ts'],
  ['src/lease/planted.ts', '../api/server.ts'],
  ['src/dispatch/planted.ts', '../jobs/submit.ts'],
  ['src/logs/planted.ts', '../cli/output.ts'],
  ['src/audio/planted.ts', '../store/chunks.ts'],
  ['src/audio/planted.ts', '../pipeline/order.ts'],
  ['src/engines/planted.ts', '../store/chunks.ts'],
  ['src/engines/planted.ts', '../supervisor/identity.ts'],
  ['src/pipeline/planted.ts', '../store/chunks.ts'],
  ['src/pipeline/planted.ts', '../api/server.ts'],
  ['src/pipeline/planted.ts', '../engines/whisper.ts'],
  ['src/pipeline/stages/planted.ts', '../../store/chunks.ts'],
  ['src/pipeline/stages/planted.ts', '../../supervisor/run.ts'],
  ['src/runner/planted.ts', '../store/store.ts'],
  ['src/runner/planted.ts', '../supervisor/run.ts'],
  ['src/runner/planted.ts', '../native/spawn.ts'],
  ['src/supervisor/planted.ts', '../jobs/submit.ts'],
  ['src/supervisor/planted.ts', '../runner/engine-pool.ts'],
  ['src/jobs/planted.ts', '../api/problem.ts'],
  ['src/jobs/planted.ts', '../cli/output.ts'],
  ['src/jobs/planted.ts', '../supervisor/supervisor.ts'],
  ['src/notify/planted.ts', '../jobs/submit.ts'],
  ['src/doctor/planted.ts', '../cli/output.ts'],
  ['src/doctor/planted.ts', '../store/examine.ts'],
  ['src/doctor/planted.ts', '../supervisor/supervisor.ts'],
  ['src/api/planted.ts', '../cli/output.ts'],
  ['src/api/routes/planted.ts', '../../cli/output.ts'],
  ['src/api/routes/planted.ts', '../../store/queue.ts'],
  ['src/api/routes/planted.ts', '../../supervisor/supervisor.ts'],
  ['src/session/planted.ts', '../cli/output.ts'],
  ['src/session/planted.ts', '../api/server.ts'],
  ['src/session/planted.ts', '../supervisor/news.ts'],
  ['src/service/planted.ts', '../supervisor/supervisor.ts'],
  ['src/service/planted.ts', '../store/jobs.ts'],
  ['src/metrics/planted.ts', '../cli/output.ts'],
  ['src/metrics/planted.ts', '../supervisor/supervisor.ts'],
  ['src/library/planted.ts', '../cli/session.ts'],
  ['src/library/planted.ts', '../store/jobs.ts'],
  ['src/library/planted.ts', '../supervisor/supervisor.ts'],
  ['src/cli/planted.ts', '../library/options.ts'],
  ['src/cli/planted.ts', '../index.ts'],
  ['src/cli/planted.ts', '../store/examine.ts'],
  ['src/cli/commands/planted.ts', '../../store/jobs.ts'],
  ['src/cli/commands/planted.ts', '../../app.ts'],
  ['web/planted.ts', '../src/domain/job.ts'],
  ['web/pages/planted.ts', '../../src/api/schemas/jobs.ts'],
  ['src/app.ts', 'kysely'],
  ['src/app.ts', 'pg'],
  ['src/index.ts', 'kysely'],
  ['src/version.ts', './app.ts'],
  ['src/version.ts', './index.ts'],
  ...ROOMS.filter((room) => room !== 'store').flatMap((room): [string, string][] => [
    [`src/${room}/planted-too.ts`, 'better-sqlite3'],
    [`src/${room}/planted-too.ts`, 'kysely'],
    [`src/${room}/planted-too.ts`, 'pg'],
  ]),
  ...ROOMS.flatMap((room): [string, string][] => [
    [`src/${room}/planted-too.ts`, '../app.ts'],
    [`src/${room}/planted-too.ts`, '../main.ts'],
    [`src/${room}/deeper/planted.ts`, '../../app.ts'],
    [`src/${room}/planted-too.ts`, './../main.ts'],
  ]),
];

/** Arrows that are meant to be, each next to one that is not. */
const ALLOWED: [file: string, target: string][] = [
  ['src/domain/planted.ts', './errors.ts'],
  ['src/config/planted.ts', '../engines/engine.ts'],
  ['src/store/planted.ts', 'better-sqlite3'],
  ['src/store/migrations/planted.ts', 'kysely'],
  ['src/pipeline/stages/planted.ts', '../../audio/probe.ts'],
  ['src/pipeline/stages/planted.ts', '../checkpoint.ts'],
  ['src/runner/planted.ts', '../native/memory.ts'],
  ['src/supervisor/planted.ts', '../runner/protocol.ts'],
  ['src/notify/planted.ts', '../store/store.ts'],
  ['src/session/planted.ts', '../api/client.ts'],
  ['src/service/planted.ts', '../supervisor/identity.ts'],
  ['src/metrics/planted.ts', '../store/health.ts'],
  ['src/library/planted.ts', '../session/session.ts'],
  ['src/cli/planted.ts', '../session/session.ts'],
  ['src/main.ts', './app.ts'],
  ['src/index.ts', './app.ts'],
];

describe('planted in a copy', () => {
  let complaints: Set<string>;
  beforeAll(async () => {
    const arrows = [...REFUSED, ...ALLOWED];
    complaints = await complaintsAbout(arrows.map(([file, target]) => [file, `import type { X } from '${target}';`]));
  });

  test.each(REFUSED)('%s must not import %s', (file, target) => {
    expect(complaints).toContain(`${file}: import type { X } from '${target}';`);
  });

  test.each(ALLOWED)('%s may import %s', (file, target) => {
    expect(complaints).not.toContain(`${file}: import type { X } from '${target}';`);
  });
});

test('every form of import counts, of types too', async () => {
  const forms = [
    `import x from '../store/jobs.ts';`,
    `import { type X } from '../store/jobs.ts';`,
    `import type { X } from '../store/jobs.ts';`,
    `import '../store/jobs.ts';`,
    `export { x } from '../store/jobs.ts';`,
    `export type { X } from '../store/jobs.ts';`,
    `export * from '../store/jobs.ts';`,
    `await import('../store/jobs.ts');`,
  ];
  const complaints = await complaintsAbout(forms.map((form) => ['src/runner/planted.ts', form]));
  expect([...complaints].sort()).toEqual(forms.map((form) => `src/runner/planted.ts: ${form}`).sort());
});

test('the source as it is has no arrow that points outward', async () => {
  expect(await violations(process.cwd(), ['src', 'web'])).toEqual([]);
});

/** Which of these lines the rule refuses, each as `file: line`. The files stand in a folder of their own. */
async function complaintsAbout(lines: (readonly [file: string, line: string])[]): Promise<Set<string>> {
  const root = mkdtempSync(scratchPath('copy-'));
  const files = new Map<string, string[]>();
  for (const [file, line] of lines) files.set(file, [...(files.get(file) ?? []), line]);
  for (const [file, content] of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), `${content.join('\n')}\n`);
  }
  copyFileSync('biome.json', join(root, 'biome.json'));
  writeFileSync(join(root, '.gitignore'), 'node_modules\n');
  const folders = [...new Set([...files.keys()].map((file) => file.split('/')[0] as string))];
  const found = await violations(root, folders);
  return new Set(found.map(({ file, line }) => `${file}: ${files.get(file)?.[line - 1]}`));
}

interface Violation {
  file: string;
  line: number;
}

interface BiomeReport {
  diagnostics: { category: string; location: { path: string; start: { line: number } } }[];
}

/** Runs the linter with this rule alone. */
function violations(cwd: string, folders: string[]): Promise<Violation[]> {
  const args = ['lint', '--only=style/noRestrictedImports', '--reporter=json', '--max-diagnostics=none', ...folders];
  return new Promise((resolve, reject) => {
    execFile(BIOME, args, { cwd, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') return reject(error);
      try {
        const { diagnostics } = JSON.parse(stdout) as BiomeReport;
        const others = diagnostics.filter(({ category }) => category !== RULE);
        if (others.length > 0) return reject(new Error(`Biome says: ${JSON.stringify(others)}`));
        resolve(diagnostics.map(({ location }) => ({ file: location.path, line: location.start.line })));
      } catch (cause) {
        reject(new Error(`Biome gave no report: ${stderr}`, { cause }));
      }
    });
  });
}
