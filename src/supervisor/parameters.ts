import { askedIn, saysAll } from '../pipeline/asked.ts';
import type { JobParameters } from '../pipeline/order.ts';
import type { Claimed } from '../store/queue.ts';
import type { JobRow } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { recordParameters } from '../store/work.ts';

export interface ParametersOptions {
  store: Store;
  /** With what a job is worked on whose row does not say it. */
  bySettings(job: JobRow): Promise<JobParameters>;
  /** A sentence for the job's log. */
  note(sentence: string): void;
}

/**
 * With what a job is worked on: what its row says was asked for. A row that another program made may not say enough; then the
 * rest is settled here, once, and recorded, so that later runs do the same.
 */
export async function parametersOf(
  { store, bySettings, note }: ParametersOptions,
  { job, run }: Claimed,
): Promise<JobParameters> {
  const asked = askedIn(job.parameters);
  if (saysAll(asked)) return asked;
  const parameters = { ...(await bySettings(job)), ...asked };
  const { engine, model, language } = parameters;
  // Whoever lost the lease is told so by the first request of its run.
  await recordParameters(store, { jobId: job.id, runId: run.id, leaseToken: run.lease_token }, parameters);
  note(
    `Nothing says how this job is to be transcribed. It is done as the settings say: ${engine}, model ${model}, language ${language}`,
  );
  return parameters;
}
