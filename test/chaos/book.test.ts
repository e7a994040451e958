import { expect, test } from 'vitest';
import type { JobDetails, RunView } from '../../src/jobs/view.ts';
import { ChaosJob } from './run/chaos-job.ts';
import type { Recording } from './run/recordings.ts';

test('a runner that was killed counts as a crash before its end is written', () => {
  const run = (number: number, outcome: RunView['outcome']) => ({ number, outcome, chunksCommitted: 0 }) as RunView;
  const runs = [run(1, 'crashed'), run(2, null)];
  const job = new ChaosJob(1, {} as Recording);
  expect(job.mayCrash(runs)).toBe(true);
  job.lostRunner({ runs } as JobDetails);
  expect(job.mayCrash(runs)).toBe(false);
});
