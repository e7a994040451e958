import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { platformFolders } from '../../src/config/paths.ts';
import { DEFAULT_MODEL_SOURCE } from '../../src/engines/model-download.ts';
import { POSTGRES_BIN } from '../support/postgres.ts';
import { MiniClone, PROJECT, run } from './mini-clone.ts';

let clone: MiniClone;
beforeAll(() => {
  clone = new MiniClone();
});
afterAll(() => clone.remove());

test('the first command builds and says so; the next one has nothing to do', async () => {
  const first = await clone.longhand(['jobs']);
  expect(first).toMatchObject({ code: 0, stderr: 'longhand set-up: building\n' });
  expect(JSON.parse(first.stdout)).toEqual([clone.folder, 'jobs']);
  expect(await clone.longhand(['jobs'])).toMatchObject({ code: 0, stderr: '' });
});

test('a source that was changed, added or removed is built again', async () => {
  await clone.longhand(['jobs']);
  const building = { code: 0, stderr: 'longhand set-up: building\n' };
  clone.write('src/main.ts', "import './more.ts';\n");
  clone.write('src/more.ts', "console.log('more');\n");
  expect(await clone.longhand([])).toMatchObject({ ...building, stdout: 'more\n' });
  clone.write('src/main.ts', 'console.log(JSON.stringify([process.cwd(), ...process.argv.slice(2)]));\n');
  rmSync(join(clone.folder, 'src/more.ts'));
  expect(await clone.longhand([])).toMatchObject({ ...building, stdout: `["${clone.folder}"]\n` });
});

test('a build that fails says why, and leaves the last good one in place', async () => {
  await clone.longhand([]);
  const good = readFileSync(join(clone.folder, 'dist/longhand.js'), 'utf8');
  clone.write('src/main.ts', 'const broken = ;\n');
  const failed = await clone.longhand([]);
  expect(failed.code).toBe(1);
  expect(failed.stdout).toBe('');
  expect(failed.stderr).toContain('Unexpected ";"');
  expect(failed.stderr).toMatch(/longhand set-up: `.*build\.js --no-types` failed with exit code 1\.\n$/);
  expect(readFileSync(join(clone.folder, 'dist/longhand.js'), 'utf8')).toBe(good);
  clone.write('src/main.ts', 'console.log(JSON.stringify([process.cwd(), ...process.argv.slice(2)]));\n');
  expect((await clone.longhand([])).code).toBe(0);
});

describe('paths count from where the user stands', () => {
  test('npm run transcribe, from a folder inside', async () => {
    const inside = join(clone.folder, 'recordings');
    mkdirSync(inside, { recursive: true });
    const { stdout } = await run('npm', ['run', '-s', 'transcribe', 'a b.wav'], clone.env(), inside);
    expect(JSON.parse(stdout)).toEqual([inside, 'transcribe', 'a b.wav']);
  });

  test('the command itself, from a folder outside, whatever npm told an outer script', async () => {
    const outside = join(clone.folder, '..');
    const npm = { INIT_CWD: '/', npm_lifecycle_script: 'vitest run', npm_package_json: join(PROJECT, 'package.json') };
    const { stdout } = await clone.longhand(['jobs'], npm, outside);
    expect(JSON.parse(stdout)).toEqual([join(outside), 'jobs']);
  });
});

describe('packages', () => {
  test('what `npm install` by hand brought is taken as it is', async () => {
    rmSync(join(clone.folder, 'node_modules/.longhand'), { recursive: true, force: true });
    expect(await clone.longhand([])).toMatchObject({ code: 0, stderr: '' });
  });

  test('a lock that asks for something else is not', async () => {
    const lock = readFileSync(join(clone.folder, 'package-lock.json'), 'utf8');
    clone.write('package-lock.json', lock.replace(/("node_modules\/zod": \{\s*"version": )"[^"]+"/, '$1"99.0.0"'));
    // Without npm on the PATH the set-up cannot go further than saying what it is about to do.
    const { code, stderr } = await clone.longhand([], { PATH: clone.pathWith('flock') });
    clone.write('package-lock.json', lock);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^longhand set-up: installing the npm packages.*\nlonghand set-up: npm is not on the PATH/);
  });
});

describe('what is written down twice is the same', () => {
  const scripts = join(PROJECT, 'scripts/setup');

  test('the oldest Node', () => {
    const { engines } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
    expect(engines.node).toBe('>=20.19');
    for (const file of ['bin/longhand.js', 'scripts/setup.js']) {
      const source = readFileSync(join(PROJECT, file), 'utf8');
      expect(source).toContain('version[0] > 20 || (version[0] === 20 && version[1] >= 19)');
      expect(source).toContain('Longhand needs Node.js 20.19 or newer');
    }
  });

  test('the source of models', async () => {
    expect((await import(join(scripts, 'model-source.js'))).DEFAULT_MODEL_SOURCE).toBe(DEFAULT_MODEL_SOURCE);
  });

  test('where the server of PostgreSQL is', async () => {
    const { findProgram } = await import(join(scripts, 'find-program.js'));
    expect(findProgram('initdb')).toBe(POSTGRES_BIN && join(POSTGRES_BIN, 'initdb'));
  });

  test('the cache folder', async () => {
    const { cacheFolder } = await import(join(scripts, 'cache-folder.js'));
    const { LONGHAND_CACHE: before } = process.env;
    delete process.env.LONGHAND_CACHE;
    try {
      expect(cacheFolder()).toBe(platformFolders(process.env).cache);
      process.env.LONGHAND_CACHE = 'a/b';
      expect(cacheFolder()).toBe(join(process.cwd(), 'a/b'));
    } finally {
      if (before === undefined) delete process.env.LONGHAND_CACHE;
      else process.env.LONGHAND_CACHE = before;
    }
  });
});

test.each([
  [['--version'], [], 'none'],
  [['doctor'], [], 'none'],
  [['transcribe', '--help'], [], 'none'],
  [['transcribe', 'a.wav'], ['ffmpeg', 'ffprobe'], 'any'],
  [['watch', 'inbox'], ['ffmpeg', 'ffprobe'], 'any'],
  [['resume', '12'], ['ffmpeg', 'ffprobe'], 'any'],
  [['serve', '--port', '0'], ['ffmpeg', 'ffprobe'], 'any'],
  [['start'], ['ffmpeg', 'ffprobe'], 'any'],
  [['stop'], [], 'none'],
  [['transcribe', '--engine', 'openai', 'a.wav'], ['ffmpeg', 'ffprobe'], 'none'],
  [['transcribe', '--engine=pocketsphinx', 'a.wav'], ['ffmpeg', 'ffprobe', 'pocketsphinx_batch'], 'none'],
  [['transcribe', '--', '--help'], ['ffmpeg', 'ffprobe'], 'any'],
])('what `longhand %j` needs', async (args, programs, engine) => {
  const { needsOf } = await import(join(PROJECT, 'scripts/setup/needs.js'));
  expect(needsOf(args)).toEqual({ programs, engine });
});

test('a reader that starts while builds go on always finds a whole one', async () => {
  clone.write('src/main.ts', "const { answer } = await import('./index.ts');\nconsole.log(answer);\n");
  await clone.longhand([]);
  let building = true;
  const builds = (async () => {
    for (let round = 0; round < 4; round += 1) {
      clone.write('src/index.ts', `export const answer: number = 42;\nexport const round = ${round};\n`);
      const built = await run(process.execPath, ['scripts/build.js', '--no-types'], clone.env(), clone.folder);
      expect(built).toMatchObject({ code: 0 });
    }
    building = false;
  })();
  let readers = 0;
  while (building) {
    expect(await run(process.execPath, ['dist/longhand.js'], clone.env(), clone.folder)).toMatchObject({
      code: 0,
      stdout: '42\n',
    });
    readers += 1;
  }
  await builds;
  expect(readers).toBeGreaterThan(0);
});
