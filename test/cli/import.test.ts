import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ImportReport } from '../../src/jobs/import-ttservice.ts';
import type { JobDetails, JobView } from '../../src/jobs/view.ts';
import type { Transcript } from '../../src/transcript/transcript.ts';
import { jobOf, SHORT_CHUNKS, storyFile } from '../chaos/support.ts';
import { Home } from '../support/cli.ts';
import { speak } from '../support/speech.ts';
import { asTimestamp, Ttservice, type TtserviceSchema } from '../support/ttservice.ts';

/** What TTService wrote for a finished recording, as its columns are called in every version. */
const FINISHED = {
  filename: 'ประชุม "ทีม" 1.m4a',
  original_path: '/recordings/meeting.m4a',
  output_path: '/transcripts/meeting.txt',
  duration_minutes: 61.5,
  model: 'large-v3',
  processes: 3,
  workers: 4,
  status: 'completed',
  progress: 100,
  progress_stage: 'Complete',
  elapsed_seconds: 1234.5,
  speed: 2.99,
  transcript: 'สวัสดีครับ ยินดีต้อนรับ\nGood morning, everybody.\n',
  retry_count: 1,
  task_id: 'celery-9',
  created_at: '2025-12-08 09:00:00',
  updated_at: '2025-12-08 10:00:00',
  started_at: '2025-12-08 09:00:05',
  completed_at: '2025-12-08 09:20:40',
  user_id: 'u1',
  space_id: 's1',
};
const FAILED = {
  ...{ filename: 'broken.mp3', original_path: '/recordings/broken.mp3', status: 'failed', progress: 35 },
  ...{ error_message: 'CUDA out of memory', created_at: '2025-12-08 11:00:00', completed_at: '2025-12-08 11:01:00' },
};
const CANCELLED = {
  ...{ filename: 'no.mp3', status: 'cancelled', error_message: 'Cancelled by user' },
  ...{ created_at: '2025-12-08 12:00:00', completed_at: '2025-12-08 12:01:00' },
};

function newTtservice(home: Home, schema?: TtserviceSchema): Ttservice {
  const ttservice = new Ttservice(join(home.folder, 'ttservice'), schema);
  onTestFinished(() => ttservice.close());
  return ttservice;
}

function bring(home: Home, { path }: Ttservice): Promise<ImportReport> {
  return home.json<ImportReport>(['import', 'ttservice', path]);
}

function show(home: Home, id: number): Promise<JobDetails> {
  return jobOf(home, id);
}

describe('longhand import ttservice', () => {
  test.each<TtserviceSchema>(['first', 'tracking', 'tracking, other names'])(
    'brings jobs with their texts, times and states from a database of its schema "%s"',
    async (schema) => {
      const home = new Home();
      const ttservice = newTtservice(home, schema);
      const names = schema === 'tracking' ? ['process_id', 'last_heartbeat'] : ['pid', 'heartbeat'];
      const tracked = schema === 'first' ? {} : { [names[0]!]: 4711, [names[1]!]: '2025-12-08 09:20:39' };
      ttservice.add({ ...FINISHED, ...tracked });
      ttservice.add(FAILED);
      ttservice.add(CANCELLED);
      const before = readFileSync(ttservice.path);
      const { code, stdout } = await home.run(['import', 'ttservice', 'ttservice/data/transcriptor.db']);
      expect({ code, stdout }).toEqual({ code: 0, stdout: 'Imported 3 jobs: 1 completed, 1 failed, 1 cancelled.\n' });
      expect(readFileSync(ttservice.path).equals(before)).toBe(true);

      expect(await show(home, 1)).toMatchObject({
        ...{ filename: FINISHED.filename, path: '/recordings/meeting.m4a', status: 'completed', progress: 100 },
        ...{ durationSeconds: 3690, elapsedSeconds: 1234.5, speed: 2.99, engine: 'whisper', model: 'large-v3' },
        ...{ createdAt: '2025-12-08T09:00:00.000Z', startedAt: '2025-12-08T09:00:05.000Z' },
        ...{ completedAt: '2025-12-08T09:20:40.000Z', retryCount: 1, error: null },
        events: [{ type: 'submitted', to: 'completed', actor: 'import' }],
      });
      expect((await home.run(['export', '1'])).stdout).toBe('สวัสดีครับ ยินดีต้อนรับ Good morning, everybody.\n');
      const transcript = await home.json<Transcript>(['export', '1', '--format', 'json']);
      expect(transcript).toMatchObject({
        ...{ durationMs: 3_690_000, model: 'large-v3', warnings: [expect.stringContaining('estimated')] },
        segments: [
          { startMs: 0, text: 'สวัสดีครับ ยินดีต้อนรับ' },
          { endMs: 3_690_000, text: 'Good morning, everybody.' },
        ],
      });
      expect(await show(home, 2)).toMatchObject({
        ...{ status: 'failed', error: { message: 'CUDA out of memory' }, completedAt: '2025-12-08T11:01:00.000Z' },
      });
      expect(await show(home, 3)).toMatchObject({ status: 'cancelled', chunks: { total: 0 } });
      // What ran elsewhere is no process that somebody lost sight of.
      const doctor = JSON.parse((await home.run(['doctor', '--json'])).stdout) as { alerts: unknown[] };
      expect(doctor.alerts).toEqual([]);
    },
  );

  test('twice is harmless, also from a copy; what has come in between is brought', async () => {
    const home = new Home();
    const ttservice = newTtservice(home);
    ttservice.add(FINISHED);
    ttservice.add(FAILED);
    await bring(home, ttservice);
    const before = await home.json(['jobs']);
    const again = await home.run(['import', 'ttservice', ttservice.path]);
    expect(again).toMatchObject({ code: 0, stdout: 'Imported 0 jobs.\n2 jobs were here already.\n' });
    expect(await home.json(['jobs'])).toEqual(before);

    const copy = join(home.folder, 'copy.db');
    copyFileSync(ttservice.path, copy);
    expect(await home.json<ImportReport>(['import', 'ttservice', copy])).toMatchObject({ imported: [], known: 2 });
    ttservice.add({ ...CANCELLED, filename: 'new.mp3' });
    expect(await bring(home, ttservice)).toMatchObject({ imported: [{ id: 3, filename: 'new.mp3' }], known: 2 });
  });

  test('a text that an interrupted import did not write is written by the next one; another is left alone', async () => {
    const home = new Home();
    const ttservice = newTtservice(home);
    ttservice.add(FINISHED);
    await bring(home, ttservice);
    const file = join(home.dataDir, 'jobs', '1', 'transcript.json');
    rmSync(file);
    expect((await home.run(['export', '1'])).code).toBe(1);
    await bring(home, ttservice);
    expect((await home.run(['export', '1'])).stdout).toContain('Good morning');
    writeFileSync(file, 'edited');
    await bring(home, ttservice);
    expect(readFileSync(file, 'utf8')).toBe('edited');
  });

  test('numbers that are taken here get others, and that is told', async () => {
    const home = new Home();
    const file = await speak('hello');
    await home.run(['transcribe', '--engine', 'pocketsphinx', file]);
    const ttservice = newTtservice(home);
    ttservice.add(FAILED);
    const { stdout } = await home.run(['import', 'ttservice', ttservice.path]);
    expect(stdout).toBe('Imported 1 job: 1 failed.\nJob 1 of TTService (broken.mp3) is job 2 here.\n');
    const { jobs } = await home.json<{ jobs: JobView[] }>(['jobs']);
    expect(jobs.map(({ id, status }) => [id, status]).sort()).toEqual([
      [1, 'completed'],
      [2, 'failed'],
    ]);
  });

  describe('jobs that TTService had not finished', () => {
    test('can be resumed when their recording is there, and then give its text', async () => {
      const home = new Home();
      const ttservice = newTtservice(home);
      const spoken = await speak('one two three four five');
      mkdirSync(join(ttservice.folder, 'uploads'));
      copyFileSync(spoken, join(ttservice.folder, 'uploads', 'numbers.wav'));
      const id = ttservice.add({
        ...{ filename: 'numbers.wav', original_path: 'uploads/numbers.wav', status: 'processing', progress: 40 },
        ...{ process_id: 2 ** 22 + 1, last_heartbeat: asTimestamp(Date.now()), started_at: asTimestamp(Date.now()) },
      });
      const { stdout, stderr } = await home.run(['import', 'ttservice', ttservice.path]);
      expect(stdout).toBe('Imported 1 job: 1 pending.\n');
      expect(stderr).toContain(`To go on with what was not finished: longhand resume ${id}`);
      expect(await show(home, id)).toMatchObject({
        ...{ status: 'pending', progress: 0, path: join(ttservice.folder, 'uploads', 'numbers.wav') },
        events: [{ reason: 'TTService had left it processing and no process works on it; it can be resumed.' }],
      });
      const undisturbed = await new Home().run(['transcribe', spoken]);
      const resumed = await home.run(['resume', String(id)]);
      expect({ code: resumed.code, stdout: resumed.stdout }).toEqual({ code: 0, stdout: undisturbed.stdout });
    });

    test.each([
      ['processing', '/nowhere/a.mp3', 'its recording "/nowhere/a.mp3" is gone'],
      ['pending', null, 'its recording is not known'],
      ['retrying', '/nowhere/b.mp3', 'its recording "/nowhere/b.mp3" is gone'],
    ])('are failed, and say why, when it is not (%s, %s)', async (status, original_path, why) => {
      const home = new Home();
      const ttservice = newTtservice(home, 'first');
      ttservice.add({ filename: 'a.mp3', status, original_path });
      await bring(home, ttservice);
      expect(await show(home, 1)).toMatchObject({
        status: 'failed',
        error: { message: `TTService had left it ${status} and no process works on it, and ${why}.` },
      });
    });

    test('are failed when their state is none', async () => {
      const home = new Home();
      const ttservice = newTtservice(home);
      ttservice.add({ filename: 'a.mp3', status: 'exploded' });
      await bring(home, ttservice);
      expect(await show(home, 1)).toMatchObject({
        status: 'failed',
        error: { message: expect.stringContaining('"exploded"') },
      });
    });

    test('are left alone while a process works on them, and brought when it is gone', async () => {
      const home = new Home();
      const ttservice = newTtservice(home);
      const worker = spawn('sleep', ['600']);
      onTestFinished(() => {
        worker.kill('SIGKILL');
      });
      const recording = await speak('hello');
      const id = ttservice.add({
        ...{ filename: 'a.wav', original_path: recording, status: 'processing' },
        ...{ process_id: worker.pid!, last_heartbeat: asTimestamp(Date.now()) },
      });
      const first = await home.run(['import', 'ttservice', ttservice.path]);
      expect(first).toMatchObject({ code: 1, stdout: 'Imported 0 jobs.\n' });
      expect(first.stderr).toContain(
        `TTService is working on its job ${id} (a.wav, process ${worker.pid}); it was left out.`,
      );

      // The number is somebody else's by now when nothing was heard of it for long.
      ttservice.set(id, { last_heartbeat: asTimestamp(Date.now() - 301_000) });
      const copy = join(home.folder, 'silent.db');
      copyFileSync(ttservice.path, copy);
      const other = new Home();
      expect((await other.json<ImportReport>(['import', 'ttservice', copy])).imported).toMatchObject([
        { status: 'pending' },
      ]);

      ttservice.set(id, { last_heartbeat: asTimestamp(Date.now()) });
      worker.kill('SIGKILL');
      await once(worker, 'exit');
      expect(await bring(home, ttservice)).toMatchObject({ imported: [{ id, status: 'pending' }], inWork: [] });
    });
  });

  test('a text that is only in the file that the row names is brought as well', async () => {
    const home = new Home();
    const ttservice = newTtservice(home);
    writeFileSync(join(ttservice.folder, 'out.txt'), 'from the file');
    ttservice.add({ ...FINISHED, transcript: null, output_path: 'out.txt' });
    ttservice.add({ ...FINISHED, transcript: null, output_path: 'gone.txt' });
    await bring(home, ttservice);
    expect((await home.run(['export', '1'])).stdout).toBe('from the file\n');
    expect((await home.run(['export', '2'])).stdout).toBe('');
    expect(await home.json<Transcript>(['export', '2', '--format', 'json'])).toMatchObject({
      warnings: ['TTService kept no text of this recording.'],
    });
  });

  test('a log is known where it is TTService’s, and nowhere else', async () => {
    const home = new Home();
    const ttservice = newTtservice(home);
    ttservice.add({ ...FAILED, log_file_path: 'logs/job_1.log' });
    ttservice.add({ ...FAILED, log_file_path: '/etc/shadow' });
    ttservice.add({ ...FAILED, log_file_path: '../../elsewhere.log' });
    await bring(home, ttservice);
    const logs = await Promise.all([1, 2, 3].map(async (id) => (await show(home, id)).log));
    expect(logs).toEqual([join(ttservice.folder, 'logs', 'job_1.log'), null, null]);
  });

  test('what is no database of TTService is refused, and nothing is made', async () => {
    const home = new Home();
    writeFileSync(join(home.folder, 'letter.txt'), 'Dear madam, '.repeat(999));
    for (const [file, said] of [
      ['absent.db', 'There is no file "absent.db".'],
      ['letter.txt', '"letter.txt" cannot be read as a database'],
    ] as const) {
      const { code, stdout, stderr } = await home.run(['import', 'ttservice', file]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(said);
      expect(stderr).toContain('data/transcriptor.db in the folder of TTService');
    }
    expect(await home.json(['jobs'])).toEqual({ jobs: [] });
    const own = await home.run(['import', 'ttservice', join(home.dataDir, 'longhand.db')]);
    expect(own.code).toBe(2);
    expect(own.stderr).toContain("is a database of Longhand's own");
  });

  test('while Longhand works in the folder it is refused', async () => {
    const home = new Home();
    const ttservice = newTtservice(home);
    ttservice.add(FINISHED);
    const working = home.start(['transcribe', ...SHORT_CHUNKS, await storyFile()]);
    await working.said(/Processing chunk 1\//);
    const { code, stderr } = await home.run(['import', 'ttservice', ttservice.path]);
    expect(code).toBe(2);
    expect(stderr).toContain(`Another Longhand works in the data folder ${home.dataDir}`);
    working.signal('SIGINT');
    await working.finished;
    expect(await bring(home, ttservice)).toMatchObject({ imported: [{ formerId: 1, id: 2 }] });
    expect(existsSync(join(home.dataDir, 'jobs', '2', 'transcript.json'))).toBe(true);
  });

  test('help has an example', async () => {
    const { stdout } = await new Home().run(['import', 'ttservice', '--help']);
    expect(stdout).toMatch(/--json[\s\S]*Example:\n {2}longhand import ttservice ttservice\/data\/transcriptor\.db/);
  });
});
