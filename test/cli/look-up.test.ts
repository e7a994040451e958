/** Commands that only look something up, where nobody works with the data folder. */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { insertJob } from '../../src/store/jobs.ts';
import { openStore } from '../../src/store/open.ts';
import { Home } from '../support/cli.ts';

/** What only work needs, or only a server: parts of the program, and packages. */
const HEAVY = [
  'node_modules/fastify/',
  'src/app.ts',
  'src/api/server.ts',
  'src/supervisor/supervisor.ts',
  'src/supervisor/process-manager.ts',
  'src/supervisor/scheduler.ts',
  'src/supervisor/orphans.ts',
  'src/notify/notifier.ts',
  'src/api/live/live.ts',
  'src/jobs/readiness.ts',
];

const LOOK_UPS = [
  'queue',
  'jobs',
  'show 1',
  'logs 1',
  'audit',
  'export 1',
  'users',
  'keys',
  'notify list',
  'notify log',
  'cancel --status paused',
  'status',
];

let home: Home;
beforeAll(async () => {
  home = new Home();
  mkdirSync(home.dataDir, { recursive: true });
  const store = await openStore({ file: join(home.dataDir, 'longhand.db'), clock: systemClock });
  await insertJob(store, { filename: 'talk.flac', actor: 'user' });
  await store.close();
});

test.each(LOOK_UPS)('longhand %s loads nothing that only work needs', async (command) => {
  const loaded = await loadedBy(command.split(' '));
  expect(loaded).toContain('src/main.ts');
  expect(HEAVY.filter((heavy) => loaded.some((path) => path.startsWith(heavy)))).toEqual([]);
});

test('a command that changes something loads all of it, so that it would have been seen', async () => {
  const loaded = await loadedBy(['priority', '1', '5']);
  expect(HEAVY.filter((heavy) => !loaded.some((path) => path.startsWith(heavy)))).toEqual([]);
});

test('many at once, and one that changes something, all get their answer', async () => {
  const ended = await Promise.all([
    ...Array.from({ length: 4 }, () => home.run(['queue', '--json'])),
    home.run(['priority', '1', '7']),
  ]);
  expect(ended.map(({ code, stderr }) => ({ code, stderr }))).toEqual(ended.map(() => ({ code: 0, stderr: '' })));
  for (const { stdout } of ended.slice(0, 4)) expect(JSON.parse(stdout)).toMatchObject({ total: 1 });
});

/** The files of the source that a command loaded, by the parts of the build that it did (Node.js writes them down). */
async function loadedBy(args: string[]): Promise<string[]> {
  const folder = join(home.folder, 'coverage');
  const { stderr } = await home.run(args, { NODE_V8_COVERAGE: folder });
  const loaded = readdirSync(folder).flatMap((name) => {
    const { result } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { result: { url: string }[] };
    return result.flatMap(({ url }) => (url.includes('/dist/') ? sourcesOf(fileURLToPath(url)) : []));
  });
  rmSync(folder, { recursive: true });
  if (loaded.length === 0) throw new Error(`Nothing was loaded: ${stderr}`);
  return loaded;
}

function sourcesOf(part: string): string[] {
  const { sources } = JSON.parse(readFileSync(`${part}.map`, 'utf8')) as { sources: string[] };
  return sources.map((source) => source.replace(/^(\.\.\/)+/, ''));
}
