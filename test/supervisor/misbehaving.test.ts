/** Runners that misbehave, each in its own way: what the supervisor finds, what it does, and what it says. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ConfigInput } from '../../src/config/schema.ts';
import type { Patience } from '../../src/supervisor/watch.ts';
import { MISBEHAVING_RUNNER, type OwnerUnderTest, ownerUnderTest } from './owners.ts';
import { until } from './processes.ts';

const QUICK: Partial<Patience> = { heartbeatMs: 200, missedHeartbeats: 5 };
const KEY = 'sk-not-for-any-log-0123456789';

afterEach(() => {
  delete process.env.MISBEHAVIOUR;
  vi.unstubAllEnvs();
  delete process.env.LONGHAND_OPENAI_KEY;
});

/** An owner whose runners do nothing but this. */
function withRunnersThat(
  behaviour: string,
  flags: ConfigInput = {},
  patience: Partial<Patience> = {},
): Promise<OwnerUnderTest> {
  process.env.MISBEHAVIOUR = behaviour;
  return ownerUnderTest({ niceness: 0, ...flags }, { runnerPath: MISBEHAVING_RUNNER, patience });
}

function logOf({ config }: OwnerUnderTest, id: number): string {
  return readFileSync(join(config.dataDir, 'logs', `transcribe_job_${id}.log`), 'utf8');
}

describe('a runner that crashes', () => {
  it.each([
    ['exits 0 without finishing', /The runner ended with exit code 0 before the job was done/],
    ['dies of a signal', /The runner was ended by SIGSEGV before the job was done/],
    ['stops itself', /No heartbeat for 1 s: the runner's process hung and was ended/],
    ['turns in a loop', /No heartbeat for 1 s: the runner's process hung and was ended/],
  ])('because it %s is started again twice, then its job is quarantined', async (behaviour, message) => {
    const owner = await withRunnersThat(behaviour, {}, QUICK);
    const job = await owner.rested(await owner.submit());
    expect(job.status).toBe('failed');
    expect(job.error).toMatchObject({
      kind: 'crash',
      message: expect.stringMatching(/^Quarantined: .* 3 times in a row/),
    });
    expect(job.runs).toHaveLength(3);
    for (const run of job.runs) {
      expect(run).toMatchObject({ outcome: 'crashed', error: { message: expect.stringMatching(message) } });
    }
    expect(job.runs[0]?.pid).not.toBe(job.runs[1]?.pid);
  });
});

describe('a runner that closes its channel', () => {
  it('and lives on is ended, since nobody could hear it', async () => {
    const owner = await withRunnersThat('closes its channel');
    const job = await owner.rested(await owner.submit());
    expect(job.runs).toHaveLength(3);
    expect(job.runs[0]).toMatchObject({
      outcome: 'crashed',
      error: { message: 'The runner closed its channel before the job was done and was ended.' },
    });
  });
});

describe('the three kinds of hang', () => {
  it('a runner that lives but gets nowhere is reset: no progress', async () => {
    const owner = await withRunnersThat(
      'stalls while its heart beats',
      {},
      { heartbeatMs: 200, missedHeartbeats: 1_000, progressMs: 1_000 },
    );
    const job = await owner.rested(await owner.submit());
    expect(job.runs[0]).toMatchObject({
      outcome: 'crashed',
      error: { kind: 'engine', message: expect.stringMatching(/^No progress for \d+ s - automatically reset$/) },
    });
    expect(job.status).toBe('failed');
  });

  it('a job over its time limit fails and is not started again', async () => {
    const owner = await withRunnersThat(
      'works for ever',
      { timeoutSeconds: 2 },
      { heartbeatMs: 200, missedHeartbeats: 1_000 },
    );
    const job = await owner.rested(await owner.submit());
    expect(job).toMatchObject({
      status: 'failed',
      error: {
        kind: 'timeout',
        message: 'Transcription timeout after 2 seconds',
        remedy: expect.stringMatching(/TRANSCRIPTION_TIMEOUT/),
      },
    });
    expect(job.runs).toHaveLength(1);
    const [run] = job.runs;
    expect(logOf(owner, 1)).toMatch(new RegExp(`Ended when it was asked to: \\S+ \\(pid ${run?.pid}\\)`));
  });
});

describe('a runner that takes too much', () => {
  it('of memory is ended, and limit and peak are named', async () => {
    const owner = await withRunnersThat('leaks memory', { maxMemoryBytes: 300 * 1024 ** 2 });
    const job = await owner.rested(await owner.submit());
    expect(job.error).toMatchObject({ kind: 'memory', message: expect.stringMatching(/300(\.0)? MB/) });
    expect(job.runs).toHaveLength(1);
    expect(job.runs[0]?.peakMemoryBytes).toBeGreaterThan(200 * 1024 ** 2);
  });

  it('of the log is cut with a notice, and still heard to its end', async () => {
    const owner = await withRunnersThat('floods its output', { logOutputBytes: 1024 ** 2 });
    const job = await owner.rested(await owner.submit());
    expect(job.runs[0]).toMatchObject({ exitCode: 7 });
    const file = join(owner.config.dataDir, 'logs', 'transcribe_job_1.log');
    expect(statSync(file).size).toBeLessThan(5 * 1024 ** 2);
    expect(logOf(owner, 1)).toMatch(/output cut/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});

describe('a runner', () => {
  it('is not told how to reach the database, which it never opens', async () => {
    vi.stubEnv('LONGHAND_DATABASE_URL', 'postgres://longhand:secret@127.0.0.1:1/longhand');
    vi.stubEnv('PGPASSWORD', 'secret');
    const owner = await withRunnersThat('tells what it knows of the database');
    const job = await owner.rested(await owner.submit());
    expect(job.error?.message).toBe("The runner's: undefined undefined");
  });
});

describe('a runner that talks nonsense', () => {
  it('is not believed', async () => {
    const owner = await withRunnersThat('sends what is no message');
    const job = await owner.rested(await owner.submit());
    expect(job.runs[0]).toMatchObject({ exitCode: 3, chunksCommitted: 0 });
    expect(logOf(owner, 1)).toMatch(/a message that is none of ours[\s\S]*all said/);
    expect(job.chunks).toEqual({ total: 0, complete: 0, failed: 0 });
  });

  it('gives no secret away', async () => {
    process.env.LONGHAND_OPENAI_KEY = KEY;
    const owner = await withRunnersThat('prints a secret', { openaiKey: KEY, maxRetries: 0 });
    const job = await owner.rested(await owner.submit());
    expect(job.status).toBe('failed');
    expect(job.error?.message).toMatch(/^refused: /);
    expect(JSON.stringify(job)).not.toContain(KEY);
    expect(logOf(owner, 1)).toContain('the key is ');
    expect(logOf(owner, 1)).not.toContain(KEY);
  });
});

describe('cancelling a runner that resists', () => {
  it('ends it and the daemon it left in a session of its own', async () => {
    const owner = await withRunnersThat('leaves a daemon and ignores TERM');
    const id = await owner.submit();
    const daemon = await owner.heard(id, (news) => {
      const found = news.type === 'log' && /^daemon (\d+)$/.exec(news.message);
      return found ? Number(found[1]) : undefined;
    });
    await owner.api.post(`/api/jobs/${id}/cancel`);
    await owner.owner.idle();
    await until(() => !isAlive(daemon), 'the end of the daemon');
    const { status, runs } = await owner.rested(id);
    expect(status).toBe('cancelled');
    expect(logOf(owner, id)).toContain(`Ended when it was asked to: sleep (pid ${daemon})`);
    expect(logOf(owner, id)).toMatch(new RegExp(`Killed: \\S+ \\(pid ${runs[0]?.pid}\\)`));
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
