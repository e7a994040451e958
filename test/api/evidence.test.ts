import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { transition } from '../../src/store/jobs.ts';
import { endRun } from '../../src/store/runs.ts';
import { logPath } from '../../src/supervisor/job-files.ts';
import { working } from '../store/support.ts';
import { scratchPath } from '../support/scratch.ts';
import { liveService } from './live-service.ts';

const run = promisify(execFile);

test('the evidence of a failed job is one archive with all that may tell why', async () => {
  const { store, dataDir, url } = await liveService();
  const { job, run: first, lease } = await working(store, { filename: 'talk.flac' });
  const path = logPath(dataDir, job.id);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '2026-01-01T00:00:00.000Z ERROR   transcribe  It went wrong\n');
  const set = { error_kind: 'engine', error_message: 'It went wrong.' } as const;
  await endRun(store, first.id, {
    outcome: 'failed',
    error: { kind: 'engine', message: 'It went wrong.', evidence: 'exit 3' },
  });
  await transition(store, job.id, 'failed', { leaseToken: lease, actor: 'supervisor', reason: 'It went wrong.', set });

  const response = await fetch(`${url}/api/jobs/${job.id}/evidence`);
  expect(response.headers.get('content-type')).toBe('application/gzip');
  expect(response.headers.get('content-disposition')).toBe('attachment; filename="job-1-evidence.tar.gz"');
  const folder = scratchPath('evidence');
  mkdirSync(folder);
  writeFileSync(join(folder, 'evidence.tar.gz'), Buffer.from(await response.arrayBuffer()));
  await run('tar', ['-xzf', 'evidence.tar.gz'], { cwd: folder });
  const text = (name: string) => readFileSync(join(folder, 'job-1', name), 'utf8');
  expect(text('README.txt')).toMatch(/Evidence of job 1: talk\.flac[\s\S]*It went wrong\. \(engine\)/);
  expect(text('log.txt')).toContain('It went wrong');
  expect(text('runs/run-1-evidence.txt')).toBe('exit 3\n');
  expect(JSON.parse(text('job.json'))).toMatchObject({ id: 1, status: 'failed' });
});

test('of a job that there is not there is no evidence', async () => {
  const { url } = await liveService();
  expect((await fetch(`${url}/api/jobs/7/evidence`)).status).toBe(404);
});
