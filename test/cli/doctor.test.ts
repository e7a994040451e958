import { existsSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SHORT_CHUNKS, storyFile } from '../chaos/support.ts';
import { type Finished, Home } from '../support/cli.ts';
import { writeGgmlModel } from '../support/ggml-model.ts';

interface Report {
  status: string;
  orphanedCount: number | null;
  stuckCount: number | null;
  activeCount: number | null;
  alerts: unknown[];
  metrics: { totalJobs?: number };
  checks: { name: string; state: string; detail: string; remedy?: string }[];
}

function lineOf({ stdout }: Finished, name: string): string {
  return stdout.split('\n').find((line) => line.slice(3).startsWith(`${name}  `)) ?? `no line of ${name}`;
}

describe('longhand doctor', () => {
  it('finds all well where nothing was done yet, and changes nothing', async () => {
    const home = new Home();
    const report = await home.json<Report>(['doctor']);
    expect(report).toMatchObject({ status: 'healthy', orphanedCount: 0, stuckCount: 0, activeCount: 0, alerts: [] });
    expect(report.checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['longhand', 'ffmpeg', 'models', 'data folder', 'database']),
    );
    expect(existsSync(home.dataDir)).toBe(false);
  });

  it('tells how running jobs are watched over', async () => {
    const home = new Home();
    const running = home.start(['transcribe', ...SHORT_CHUNKS, await storyFile()]);
    await running.said(/Processing chunk 1\//);
    const during = await home.run(['doctor']);
    expect(during.code).toBe(0);
    expect(lineOf(during, 'supervision')).toMatch(/^✓ +supervision +1 job worked on, 0 orphans, 0 stuck$/);
    expect(await home.json<Report>(['doctor'])).toMatchObject({ status: 'healthy', activeCount: 1 });
    expect((await running.finished).code).toBe(0);
    const after = await home.json<Report>(['doctor']);
    expect(after).toMatchObject({ status: 'healthy', activeCount: 0, alerts: [], metrics: { totalJobs: 1 } });
  });

  it('is degraded, and says why, by what a killed owner had left', async () => {
    const home = new Home();
    const running = home.start(['transcribe', ...SHORT_CHUNKS, await storyFile()]);
    await running.said(/Processing chunk 1\//);
    await running.kill();
    const found = await home.run(['doctor']);
    expect(found.code).toBe(0);
    expect(lineOf(found, 'supervision')).toMatch(/^! .* 0 jobs worked on, 0 orphans, 0 stuck$/);
    expect(lineOf(found, 'alert (critical)')).toMatch(/^! .*1 orphaned process/);
  });

  it('survives a damaged database: one line says so, and what to do', async () => {
    const home = new Home();
    await home.run(['jobs']);
    const file = openSync(join(home.dataDir, 'longhand.db'), 'r+');
    writeSync(file, 'damaged '.repeat(64), 0);
    const found = await home.run(['doctor']);
    expect(found.code).toBe(1);
    expect(lineOf(found, 'database')).toMatch(/^✗ .*longhand\.db is damaged \(.*\)\. → There is no good backup in /);
    expect(lineOf(found, 'ffmpeg')).toMatch(/^✓/);
    expect(found.stdout).not.toContain('supervision');
    const { status, activeCount } = JSON.parse((await home.run(['doctor', '--json'])).stdout) as Report;
    expect({ status, activeCount }).toEqual({ status: 'unhealthy', activeCount: null });
  });

  it('survives an owner that does not answer', async () => {
    const home = new Home();
    const running = home.start(['transcribe', ...SHORT_CHUNKS, await storyFile()]);
    await running.said(/Processing chunk 1\//);
    running.signal('SIGSTOP');
    const found = await home.run(['doctor']);
    running.signal('SIGCONT');
    expect(found.code).toBe(1);
    expect(lineOf(found, 'supervision')).toMatch(/^✗ .*does not answer\. → .*Ctrl-Z/);
    expect(lineOf(found, 'ffmpeg')).toMatch(/^✓/);
    running.signal('SIGINT');
    await running.finished;
  });

  it('reads models through and finds a changed bit', async () => {
    const home = new Home();
    const file = join(home.folder, 'ggml-mine.bin');
    writeGgmlModel(file, { script: ['one'] });
    expect((await home.run(['models', 'add', file])).code).toBe(0);
    expect(lineOf(await home.run(['doctor']), 'models')).toMatch(/^✓ +models +mine$/);

    const model = join(home.folder, 'cache', 'models', 'ggml-mine.bin');
    const bytes = readFileSync(model);
    bytes[bytes.length - 5] = (bytes[bytes.length - 5] as number) ^ 1;
    writeFileSync(model, bytes);
    const found = await home.run(['doctor']);
    expect(found.code).toBe(0);
    expect(lineOf(found, 'models')).toMatch(/^! .*mine is damaged: .*SHA-256.* → longhand models remove mine && /);
    expect(await home.json<Report>(['doctor'])).toMatchObject({ status: 'degraded' });
  });
});
