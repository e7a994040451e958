import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import type { JobDetails } from '../../src/jobs/view.ts';
import { noneLeft, runTokens, SHORT_CHUNKS, storyFile } from '../chaos/support.ts';
import { descendants, Home } from '../support/cli.ts';
import { smallModel } from '../support/small-model.ts';
import { speak } from '../support/speech.ts';

const KEY = 'sk-secret-of-the-test';
const FIXED_FILES = ['README.txt', 'events.txt', 'job.json', 'log-tail.txt', 'log.txt', 'usage.csv'];

let server: Server | undefined;
afterEach(async () => {
  const open = server;
  server = undefined;
  if (open) await new Promise((resolve) => open.close(resolve));
});

/** A transcription server that understands the first chunk only, and is careless with keys. */
async function carelessServer(): Promise<string> {
  let chunks = 0;
  server = createServer(async (request, response) => {
    await buffer(request);
    response.setHeader('content-type', 'application/json');
    if (request.method === 'GET') return response.end(JSON.stringify({ data: [{ id: 'whisper-1' }] }));
    chunks += 1;
    if (chunks > 1) return response.end(`{"asked by": "${request.headers.authorization}", "answer": nons`);
    const words = [{ word: 'confidential', start: 0.5, end: 1 }];
    response.end(JSON.stringify({ text: 'confidential', language: 'english', duration: 4, words, segments: [] }));
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

/** Every file below a folder, by its path in it. */
function filesBelow(folder: string): Map<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name)).sort();
  return new Map(paths.map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]));
}

async function bundle(home: Home, id: number): Promise<Map<string, string>> {
  const { folder } = await home.json<{ folder: string }>(['show', String(id), '--evidence', 'bundles']);
  return filesBelow(folder);
}

describe('the evidence of a quarantined job', () => {
  it('holds what may tell why, and neither keys nor what was said', async () => {
    const home = new Home({ LONGHAND_OPENAI_URL: await carelessServer(), LONGHAND_OPENAI_KEY: KEY });
    const args = ['transcribe', '--engine', 'openai', '--language', 'en', ...SHORT_CHUNKS, await storyFile()];
    expect((await home.run(args)).code).toBe(1);

    const { code, stdout, stderr } = await home.run(['show', '1', '--evidence', 'bundles']);
    const folder = join(home.folder, 'bundles', 'job-1');
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${folder}\n` });
    expect(stderr).toMatch(/README\.txt/);
    const files = filesBelow(folder);
    expect([...files.keys()].sort()).toEqual([...FIXED_FILES, 'runs/run-1-evidence.txt', 'runs/run-1.json'].sort());

    const job = await home.json<JobDetails>(['show', '1']);
    expect(JSON.parse(files.get('job.json') as string)).toEqual(job);
    expect(job).toMatchObject({ status: 'failed', errors: 1, crashes: 0, crashCount: 0 });
    const run = JSON.parse(files.get('runs/run-1.json') as string);
    expect(run).toMatchObject({
      outcome: 'failed',
      signal: null,
      parameters: { engine: 'openai', language: 'en', chunkDurationSeconds: 4 },
      versions: { longhand: expect.any(String), node: process.versions.node, ffmpeg: expect.any(String) },
      peakMemoryBytes: expect.any(Number),
      cpuSeconds: expect.any(Number),
    });
    expect(files.get('runs/run-1-evidence.txt')).toContain('"answer": nons');

    const readme = files.get('README.txt') as string;
    expect(readme).toContain(job.error?.message);
    expect(readme).toMatch(/Peak memory +\d+\.\d MB/);
    expect(readme).toMatch(new RegExp(`Versions .*node ${process.versions.node}`));
    expect(readme).toContain('It holds no sound, nothing of the text, and no keys');
    expect(files.get('log-tail.txt')).toMatch(/Chunk 2 failed \(3\)[\s\S]*\n$/);
    expect(files.get('log.txt')).toContain(files.get('log-tail.txt'));
    expect(files.get('usage.csv')).toMatch(/^run,at,[a-z_,]+\n1,\d{4}-\d\d-\d\dT[\d:.]+Z,[\d.]+,[\d.]*,\d+,[\d.]*\n/);
    expect(files.get('events.txt')).toMatch(/Z {2}Submitted by the user\.\n[\s\S]*Z {2}Failed: /);
    for (const [name, content] of files) {
      expect({ name, key: content.includes(KEY) }).toEqual({ name, key: false });
      expect({ name, said: content.includes('confidential') }).toEqual({ name, said: false });
    }
  });
});

describe('the evidence of a job whose process crashed', () => {
  it('tells the signal and the end of the log at that time, also after later runs', async () => {
    const home = new Home();
    const running = home.start(['transcribe', ...SHORT_CHUNKS, await storyFile()]);
    for (const times of [1, 2, 3]) {
      await running.said(new RegExp(`(Processing chunk 1/[^]*){${times}}`));
      process.kill(runnerOf(running.child.pid as number), 'SIGKILL');
    }
    expect((await running.finished).code).toBe(1);
    await noneLeft(await runTokens(home));

    const shown = await home.run(['show', '1']);
    expect(shown.stdout).toMatch(/^Failures +0 errors, 3 crashes \(3 in a row without a newly finished chunk\)$/m);
    const before = await bundle(home, 1);
    expect(before.get('README.txt')).toMatch(/Quarantined: [\s\S]*3 of 3, crashed, ended by the signal SIGKILL/);
    expect(before.get('README.txt')).toContain('3 in all, 3 in a row without a newly finished chunk');
    for (const number of [1, 2, 3]) {
      const run = JSON.parse(before.get(`runs/run-${number}.json`) as string);
      expect(run).toMatchObject({ number, outcome: 'crashed', signal: 'SIGKILL', error: { kind: 'crash' } });
      expect(before.get(`runs/run-${number}-evidence.txt`)).toContain(`Run ${number} of job 1`);
    }
    expect(before.get('log-tail.txt')).toMatch(/Run 3 of job 1[\s\S]*SIGKILL/);

    const goingOn = home.start(['resume', '1']);
    await goingOn.said(/Processing chunk 2\//);
    goingOn.signal('SIGINT');
    await goingOn.finished;
    const after = await bundle(home, 1);
    expect(after.get('log-tail.txt')).toBe(before.get('log-tail.txt'));
    expect(after.get('log.txt')).toContain('Run 4 of job 1');
    expect(after.has('runs/run-4.json')).toBe(true);
    // The second one is a folder of its own; nothing half written is left beside them.
    expect(readdirSync(join(home.folder, 'bundles')).sort()).toEqual(['job-1', 'job-1-2']);
    expect(filesBelow(join(home.folder, 'bundles', 'job-1'))).toEqual(before);
  });
});

describe('an evidence folder', () => {
  it('is readable by the user alone', async () => {
    const home = await withFinishedJob();
    const { folder, files } = await home.json<{ folder: string; files: string[] }>(['show', '1', '--evidence', '.']);
    expect(folder).toBe(join(home.folder, 'job-1'));
    expect(files.sort()).toEqual([...filesBelow(folder).keys()]);
    for (const name of files) expect((statSync(join(folder, name)).mode & 0o777).toString(8)).toBe('600');
    for (const name of ['', 'runs']) expect((statSync(join(folder, name)).mode & 0o777).toString(8)).toBe('700');
    expect(readFileSync(join(folder, 'README.txt'), 'utf8')).toMatch(/Error +none was recorded/);
    // The words of the job are in its transcript alone.
    const word = (await home.run(['export', '1'])).stdout.split(/\s/).find(({ length }) => length > 5) as string;
    expect(word).toBeTruthy();
    for (const [name, content] of filesBelow(folder)) {
      expect({ name, said: content.includes(word) }).toEqual({ name, said: false });
    }
  });

  it('says that a log was deleted, and so does the command for logs', async () => {
    const home = await withFinishedJob();
    rmSync(join(home.dataDir, 'logs', 'transcribe_job_1.log'));
    const files = await bundle(home, 1);
    expect(files.get('log-tail.txt')).toBe('Of that time there is no log any more.\n');
    expect(files.get('log.txt')).toBe('');
    const logs = await home.run(['logs', '1']);
    expect(logs).toMatchObject({ code: 0, stdout: '', stderr: expect.stringMatching(/^Job 1 has no log: /) });
    expect(await home.run(['logs', '1', '-n', '100001'])).toMatchObject({ code: 2, stdout: '' });
  });

  it('that cannot be written is refused, and nothing is left', async () => {
    const home = await withFinishedJob();
    writeFileSync(join(home.folder, 'file'), 'mine');
    for (const folder of ['file', 'file/below', '/proc', '/proc/below']) {
      const { code, stdout, stderr } = await home.run(['show', '1', '--evidence', folder]);
      expect({ folder, code, stdout }).toEqual({ folder, code: 1, stdout: '' });
      expect(stderr).toMatch(/^longhand: The evidence cannot be written to .*\n {2}Choose another folder: /);
    }
    expect(readFileSync(join(home.folder, 'file'), 'utf8')).toBe('mine');
    const unknown = await home.run(['show', '7', '--evidence', 'bundles']);
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('There is no job 7.') });
    expect(readdirSync(home.folder).sort()).toEqual(['data', 'file']);
  });
});

async function withFinishedJob(): Promise<Home> {
  const home = new Home(await smallModel());
  const file = await speak('We made coffee for the passengers of the train');
  expect((await home.run(['transcribe', file])).code).toBe(0);
  return home;
}

function runnerOf(owner: number): number {
  const runner = descendants(owner).find(({ command }) => command.startsWith('node'));
  if (!runner) throw new Error(`No runner below ${owner}.`);
  return runner.pid;
}
