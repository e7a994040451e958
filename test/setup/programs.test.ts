import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findProgram } from '../../src/native/spawn.ts';
import { MiniClone, PROJECT, run } from './mini-clone.ts';

let clone: MiniClone;
beforeEach(() => {
  clone = new MiniClone();
});
afterEach(() => clone.remove());

describe('programs that are missing and cannot be installed', () => {
  test('no package manager: they are named, the exit code is 1, and the command does not start', async () => {
    const ended = await clone.longhand(['transcribe', 'a.wav'], { PATH: clone.pathWith('flock') });
    expect(ended).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'longhand set-up: ffmpeg, ffprobe, pocketsphinx_batch are missing. ' +
        "Install them with your system's package manager, then try again.\n",
    });
  });

  test.runIf(findProgram('apt-get'))('apt-get, but neither root nor sudo: the command to type', async () => {
    // Loaded as whoever runs the tests, then run as nobody, whom sudo would ask for a password.
    const script = `
      const { installPrograms } = await import(${JSON.stringify(join(PROJECT, 'scripts/setup/system-packages.js'))});
      if (process.getuid() === 0) process.setuid(65534);
      const signal = new AbortController().signal;
      await installPrograms(['ffmpeg', 'ffprobe', 'flite'], { signal, lock: 2 }).catch((error) => console.log(error.message));
    `;
    const env = clone.env({ PATH: dirname(findProgram('apt-get')!) });
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], env, '/');
    expect(stdout).toBe(
      'ffmpeg, ffprobe, flite must be installed, which needs root. Run this, then try again:\n' +
        '  sudo apt-get update && sudo apt-get install -y ffmpeg flite\n',
    );
  });

  test('doctor and its like run all the same', async () => {
    const ended = await clone.longhand(['doctor'], { PATH: clone.pathWith('flock') });
    expect(ended).toMatchObject({ code: 0, stderr: 'longhand set-up: building\n' });
  });
});

describe('the engine', () => {
  let source: Server;
  let requests: string[];
  let answer: number | undefined;

  beforeEach(async () => {
    requests = [];
    answer = 200;
    source = createServer((request, response) => {
      requests.push(`${request.method} ${request.url}`);
      if (answer !== undefined) response.writeHead(answer).end();
    });
    await new Promise<void>((resolve) => source.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    source.closeAllConnections();
    await new Promise((resolve) => source.close(resolve));
  });

  const transcribe = (env: Record<string, string> = {}) => {
    const { port } = source.address() as AddressInfo;
    return clone.longhand(['transcribe', 'a.wav'], { LONGHAND_MODEL_MIRROR: `http://127.0.0.1:${port}/ggml/`, ...env });
  };
  const POCKETSPHINX =
    'so PocketSphinx does the work: English only, and less exact. ' +
    'For Whisper later: npx longhand engines install whisper && npx longhand models pull base\n';

  test.each([
    ['has no such model', 404],
    ['fails', 500],
    ['never answers', undefined],
  ])('a source that %s: PocketSphinx, said once, and not asked again', async (_, status) => {
    answer = status;
    const first = await transcribe();
    expect(first.code).toBe(0);
    expect(first.stderr).toContain(`longhand set-up: The source of Whisper models does not answer, ${POCKETSPHINX}`);
    expect(await transcribe()).toMatchObject({ code: 0, stderr: '' });
    expect(requests).toEqual(['HEAD /ggml/ggml-base.bin']);
  });

  test('another source is asked, though one before it did not answer', async () => {
    await transcribe({ LONGHAND_MODEL_MIRROR: 'http://127.0.0.1:9' });
    expect(requests).toEqual([]);
    await transcribe();
    expect(requests).toEqual(['HEAD /ggml/ggml-base.bin']);
  });

  /** A `longhand` that installs by putting empty files where the real one puts whole ones. */
  const INSTALLS = `
    import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
    const cache = process.env.LONGHAND_CACHE;
    const args = process.argv.slice(2).join(' ');
    console.log(args);
    if (args === 'engines install whisper') {
      mkdirSync(cache + '/engines/whisper-1', { recursive: true });
      writeFileSync(cache + '/engines/whisper-1/whisper-cli', '');
      chmodSync(cache + '/engines/whisper-1/whisper-cli', 0o755);
    }
    if (args === 'models pull base') {
      mkdirSync(cache + '/models', { recursive: true });
      writeFileSync(cache + '/models/ggml-base.bin', '');
    }
  `;

  test('a source that answers: Whisper is built and its model pulled, by the command itself, on stderr', async () => {
    clone.write('src/main.ts', INSTALLS);
    const first = await transcribe();
    expect(first).toMatchObject({ code: 0, stdout: 'transcribe a.wav\n' });
    expect(first.stderr).toMatch(/building Whisper.*\nengines install whisper\n.*pulling.*\nmodels pull base\n$/);
    expect(await transcribe()).toMatchObject({ code: 0, stderr: '' });
    expect(requests).toHaveLength(1);
  });

  test('Whisper that cannot be installed: PocketSphinx instead, and no second attempt by itself', async () => {
    clone.write('src/main.ts', "if (process.argv[2] === 'engines') process.exitCode = 1;\n");
    const first = await transcribe();
    expect(first.code).toBe(0);
    expect(first.stderr).toContain(`longhand set-up: Whisper could not be installed, ${POCKETSPHINX}`);
    expect(await transcribe()).toMatchObject({ code: 0, stderr: '' });
    const choice = JSON.parse(readFileSync(join(clone.cache, 'engine-choice.json'), 'utf8'));
    expect(choice).toMatchObject({ engine: 'pocketsphinx', reason: 'Whisper could not be installed' });
  });
});
