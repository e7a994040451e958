import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { signalProcess } from '../../src/supervisor/identity.ts';
import { Home } from '../support/cli.ts';
import { ffmpeg } from '../support/media.ts';
import { detailsOf, removeOwnerProgram, startOwnerOf, submit, untilAtRest, untilSaid } from './owners.ts';
import { targetsOf } from './run/targets.ts';
import { briefFile, eventually, jobLog, noneLeft, runTokens } from './support.ts';

afterAll(removeOwnerProgram);

describe('jobs that a dead owner left', () => {
  it('are found at the next start and go on at the stage they were in', async () => {
    const home = new Home({ MAX_CONCURRENT_TRANSCRIPTIONS: '2' });
    const file = await briefFile();
    const first = await startOwnerOf(home);
    const long = await longRecording(file);
    const inTranscribe = await submit(first.api, file);
    await untilSaid(first.api, inTranscribe, /^Processing chunk 3\//);
    const inPrepare = await submit(first.api, long);
    const log = join(home.dataDir, 'logs', `transcribe_job_${inPrepare}.log`);
    const isReading = () =>
      (existsSync(log) && readFileSync(log, 'utf8').includes('Reading the recording')) || undefined;
    await eventually(isReading, 'the beginning of its preparation');
    await stopRunner(home, inPrepare);
    const waiting = await submit(first.api, file);
    await first.process.kill();

    const second = await startOwnerOf(home);
    expect(second.recovered).toContain(inPrepare);
    expect(second.recovered).not.toContain(waiting);
    const left = await Promise.all([inTranscribe, inPrepare, waiting].map((id) => detailsOf(second.api, id)));
    expect(left.map(({ status }) => status)).toEqual(['pending', 'pending', 'pending']);
    expect(left.map(stagesOf)).toEqual([
      { prepare: 'complete', transcribe: 'not_started' },
      { prepare: 'not_started', transcribe: 'not_started' },
      { prepare: 'not_started', transcribe: 'not_started' },
    ]);
    expect(left.map(({ runs }) => runs.map(({ outcome }) => outcome))).toEqual([['orphaned'], ['orphaned'], []]);
    const committed = left[0]?.chunks.complete ?? 0;
    expect(committed).toBeGreaterThanOrEqual(1);

    await second.api.post(`/api/jobs/${inPrepare}/resume`);
    await untilSaid(second.api, inPrepare, /^Reading the recording$/);
    await second.api.post(`/api/jobs/${inPrepare}/cancel`);
    await second.api.post(`/api/jobs/${inTranscribe}/resume`);
    expect(await untilAtRest(second.api, inTranscribe)).toMatchObject({ status: 'completed' });
    const secondRun = jobLog(home, inTranscribe).split(/Run 2 of job/)[1] ?? '';
    expect(secondRun).not.toMatch(/Reading the recording|with speech/);
    expect(secondRun).not.toMatch(new RegExp(`Processing chunk [1-${committed}]/`));

    await second.api.post(`/api/jobs/${waiting}/resume`);
    expect(await untilAtRest(second.api, waiting)).toMatchObject({
      status: 'completed',
      runs: [{ outcome: 'completed' }],
    });
    const texts = await Promise.all(
      [inTranscribe, waiting].map((id) => second.api.getText(`/api/jobs/${id}/transcript`)),
    );
    expect(texts[0]).toBe(texts[1]);
    expect((await second.process.terminate()).code).toBe(0);
    await noneLeft(await runTokens(home));
  });
});

/** Decoding it takes long enough to be met in the middle. */
async function longRecording(file: string): Promise<string> {
  return await ffmpeg('long.wav', '-stream_loop', '200', '-i', `file:${file}`);
}

/** So that it stays where it is until its owner dies. */
async function stopRunner(home: Home, jobId: number): Promise<void> {
  const runner = await eventually(
    () => targetsOf(home.dataDir, jobId).find(({ role }) => role === 'runner'),
    'the runner of the long recording',
  );
  expect(signalProcess(runner.identity, 'SIGSTOP')).toBe(true);
}

function stagesOf({ stages }: { stages: { name: string; status: string }[] }): Record<string, string> {
  const own = stages.filter(({ name }) => name === 'prepare' || name === 'transcribe');
  return Object.fromEntries(own.map(({ name, status }) => [name, status]));
}
