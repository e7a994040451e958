/**
 * Finds what nobody watches over any more, ends it, and makes its jobs go on.
 *
 * Three kinds of orphan, found at the start of an owner and on every sweep:
 *
 * - a run that has no end though this owner does not hold it: its owner died, or its end could not be written;
 * - a job that is said to be worked on though it has no such run: its last change was lost half way, or its row came from
 *   elsewhere. Whose process it names cannot be known, so that process is spared. While the owner's lock is ours a job with
 *   a lease is an orphan at once; without one nobody can be asked, and it must have been silent for 300 s;
 * - a process that carries the token of a run that is over: it escaped when its tree was ended.
 */
import { access } from 'node:fs/promises';
import type { Clock } from '../domain/clock.ts';
import { getActiveJobs, getOrphanedJobs, transition } from '../store/jobs.ts';
import { endRun, runsByToken, unendedRuns } from '../store/runs.ts';
import type { JobRow, RunRow } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { removeCgroup, removeSoon } from './cgroup.ts';
import { dropAudio, jobFolder, removeScratch } from './job-files.ts';
import { type KillReport, killTree, sweep } from './kill-tree.ts';
import { MAX_CRASHES } from './settle.ts';
import { cgroupName } from './spawn.ts';
import { leaderOf } from './store-registry.ts';
import { tokensOfProcesses } from './tokens.ts';

const CLEANED_UP = 'Process orphaned and cleaned up';

export interface OrphanScope {
  store: Store;
  clock: Clock;
  dataDir: string;
  /** What becomes of a job whose process was lost. */
  policy: 'resume' | 'fail';
  /** Whether this owner holds the job: from its claim to the last word in the store. */
  holds(jobId: number): boolean;
}

/** A job that nobody watched over, and what was done about it. */
export interface Recovered {
  jobId: number;
  killed: KillReport['killed'];
  status: 'pending' | 'failed';
}

export interface SweepReport {
  recovered: Recovered[];
  /** Processes of runs that were over. */
  strays: KillReport['killed'];
  /** Processes that could not be ended. */
  survivors: string[];
}

/** Looks once, for all three kinds. */
export async function sweepOrphans(scope: OrphanScope): Promise<SweepReport> {
  const report: SweepReport = { recovered: [], strays: [], survivors: [] };
  for (const { run, job } of await unendedRuns(scope.store)) {
    if (!scope.holds(job.id)) await recoverRun(scope, run, job, report);
  }
  for (const job of await abandonedJobs(scope.store)) {
    if (!scope.holds(job.id)) await recoverJob(scope, job, report);
  }
  await endStrays(scope, report);
  return report;
}

async function recoverRun(scope: OrphanScope, run: RunRow, job: JobRow, report: SweepReport): Promise<void> {
  const { store, clock, dataDir } = scope;
  const leader = leaderOf(run);
  const { killed, gone } = await killTree({ token: run.token, ...(leader ? { leader } : {}) }, clock, 0);
  if (!gone) report.survivors.push(`processes of run ${run.number} of job ${job.id}`);
  await removeSoon(() => removeCgroup(cgroupName(run.token)), clock);
  await removeScratch(jobFolder(dataDir, job.id));
  if (job.status === 'completed') {
    // It had said its last word; only its owner could not hear it any more.
    await endRun(store, run.id, { outcome: 'completed' });
    await dropAudio(store, job.id, jobFolder(dataDir, job.id));
    return;
  }
  const reason = 'Its owner ended without stopping it';
  await endRun(store, run.id, { outcome: 'orphaned', reason });
  if (job.lease_token !== run.lease_token) return;
  // What had committed something is charged nothing: it went with its owner. What had not may have taken it down.
  const crashes = run.chunks_committed > 0 ? 0 : job.crash_count + 1;
  const status = await takeBack(scope, job, crashes, reason);
  if (status) report.recovered.push({ jobId: job.id, killed, status });
}

/** Those with a lease, whoever had it, and those without one that are silent. */
async function abandonedJobs(store: Store): Promise<JobRow[]> {
  const [active, silent] = await Promise.all([getActiveJobs(store), getOrphanedJobs(store)]);
  const isLeased = (job: JobRow) => job.lease_token !== null;
  return [...active.filter(isLeased), ...silent.filter((job) => !isLeased(job))];
}

async function recoverJob(scope: OrphanScope, job: JobRow, report: SweepReport): Promise<void> {
  const status = await takeBack(scope, job, job.crash_count, 'Nobody worked on it');
  if (status) report.recovered.push({ jobId: job.id, killed: [], status });
}

/** @returns what became of the job, or undefined when somebody was faster */
async function takeBack(
  { store, policy }: OrphanScope,
  job: JobRow,
  crashes: number,
  reason: string,
): Promise<Recovered['status'] | undefined> {
  const how = { ...(job.lease_token ? { leaseToken: job.lease_token } : {}), from: ['processing'] as const };
  const why = await whyNotAgain(job, policy, crashes);
  if (!why) {
    const set = { crash_count: crashes };
    return (await transition(store, job.id, 'pending', { ...how, actor: 'supervisor', reason, set }))
      ? 'pending'
      : undefined;
  }
  const set = {
    crash_count: crashes,
    error_kind: 'crash',
    error_message: why.message,
    error_remedy: why.remedy,
  } as const;
  const won = await transition(store, job.id, 'failed', { ...how, actor: 'supervisor', reason: why.message, set });
  return won ? 'failed' : undefined;
}

async function whyNotAgain(
  job: JobRow,
  policy: OrphanScope['policy'],
  crashes: number,
): Promise<{ message: string; remedy: string } | undefined> {
  if (crashes >= MAX_CRASHES) {
    return {
      message: `${CLEANED_UP}. Quarantined: ${crashes} times in a row its process and Longhand ended without a finished chunk.`,
      remedy: `See longhand show ${job.id}; then longhand resume ${job.id} to try again.`,
    };
  }
  if (policy === 'fail') return { message: CLEANED_UP, remedy: `Go on from its checkpoint: longhand resume ${job.id}` };
  if (await isReadable(job.original_path)) return undefined;
  return {
    message: `${CLEANED_UP}; its recording is gone (${job.original_path ?? 'no path'}).`,
    remedy: `Put the recording back where it was, then: longhand resume ${job.id}`,
  };
}

function isReadable(path: string | null): Promise<boolean> {
  if (path === null) return Promise.resolve(false);
  return access(path).then(
    () => true,
    () => false,
  );
}

async function endStrays({ store, clock, holds }: OrphanScope, report: SweepReport): Promise<void> {
  // Tokens of other data folders are somebody else's business: they are not in this store.
  for (const run of await runsByToken(store, tokensOfProcesses())) {
    if (holds(run.job_id)) continue;
    const { killed, gone } = await sweep(run.token, clock);
    report.strays.push(...killed);
    if (!gone) report.survivors.push(`processes of an earlier run of job ${run.job_id}`);
  }
}
