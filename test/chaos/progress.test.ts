import { afterAll, expect, it } from 'vitest';
import type { ApiClient } from '../../src/api/client.ts';
import type { ProgressReport } from '../../src/pipeline/progress.ts';
import type { News } from '../../src/supervisor/news.ts';
import { Home } from '../support/cli.ts';
import { detailsOf, removeOwnerProgram, startOwnerOf, submit, untilAtRest } from './owners.ts';
import { undisturbedBrief } from './support.ts';

afterAll(removeOwnerProgram);

/** Notes every report of a job until one is as it should be. */
async function noteUntil(
  api: ApiClient,
  id: number,
  reports: ProgressReport[],
  enough: (report: ProgressReport) => boolean,
): Promise<void> {
  const stop = new AbortController();
  for await (const { data } of api.events(`/api/jobs/${id}/events`, stop.signal)) {
    const news = data as News;
    if (news.type !== 'progress') continue;
    reports.push(news.progress);
    if (enough(news.progress)) return stop.abort();
  }
  throw new Error('The news ended before that.');
}

it('progress never goes back, over the deaths of a runner and of its owner, and the first run teaches the next job', async () => {
  const home = new Home();
  const { file, chunks } = await undisturbedBrief();
  const reports: ProgressReport[] = [];
  const first = await startOwnerOf(home);
  const id = await submit(first.api, file);
  await noteUntil(first.api, id, reports, ({ chunk = 0 }) => chunk >= 1);
  const pid = (await detailsOf(first.api, id)).runs[0]?.pid as number;
  process.kill(pid, 'SIGKILL');
  await noteUntil(first.api, id, reports, ({ chunk = 0 }) => chunk >= 2);
  const view = await detailsOf(first.api, id);
  expect(view.progress).toBeGreaterThanOrEqual(reports.at(-1)!.percent);
  expect(view.stages.find(({ name }) => name === 'transcribe')?.estimatedEndAt).not.toBeNull();
  await first.process.kill();

  const second = await startOwnerOf(home);
  expect((await detailsOf(second.api, id)).progress).toBeGreaterThanOrEqual(40);
  const noted = noteUntil(second.api, id, reports, ({ chunk }) => chunk === chunks);
  await second.api.post(`/api/jobs/${id}/resume`);
  await noted;
  expect(await untilAtRest(second.api, id)).toMatchObject({ status: 'completed', progress: 100, secondsLeft: null });
  const percents = reports.map(({ percent }) => percent);
  expect(percents).toEqual([...percents].sort((a, b) => a - b));
  expect(percents.at(-1)).toBeLessThan(100);
  expect(reports.filter(({ stage }) => stage === 'Processing audio segments...')).toSatisfy((all: ProgressReport[]) =>
    all.every(({ secondsLeft }) => secondsLeft !== undefined && secondsLeft >= 0),
  );

  // The next job is told its end before its first chunk, by what was learned.
  const other: ProgressReport[] = [];
  const next = await second.api.post<{ id: number }>('/api/jobs', {
    ...wishOf(view.parameters),
    path: file,
    again: true,
  });
  await noteUntil(second.api, next.id, other, ({ chunk }) => chunk === 0);
  expect(other.at(-1)).toMatchObject({ chunk: 0, chunks, secondsLeft: expect.any(Number) });
  expect(other.at(-1)).not.toHaveProperty('speed');
});

function wishOf(parameters: unknown): object {
  return parameters as object;
}
