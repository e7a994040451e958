import { resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Config } from '../config/schema.ts';
import { type ErrorReport, reportOf, UsageError } from '../domain/errors.ts';
import type { OwnerProcess, StartOwner } from '../session/owner-process.ts';
import { openPassingFolder } from '../session/passing-folder.ts';
import { type Outcome, seeThrough, type Task } from './job.ts';
import { Notices, noticeForAll } from './notices.ts';
import { settingsWith, type TranscriptionOptions } from './options.ts';
import { checkedOutput } from './output.ts';
import { safely } from './progress.ts';
import { Turnstile } from './turnstile.ts';

/** How a transcription ended. */
export type TranscriptionResult = {
  /** Seconds that the call took. */
  elapsedSeconds: number;
  /** The last 200 lines of the job's log, then a line for each thing that went wrong around the job without failing it. */
  logs: string[];
} & ({ success: true } | { success: false; error: ErrorReport });

/** As `app.ts` has it. */
export type StartOwnerTelling = (
  config: Config,
  options: { acceptsJobs: boolean; passing?: boolean; onWarning(sentence: string): void },
) => Promise<OwnerProcess | undefined>;

/** Jobs that are not kept have an owner each; together they are no more than jobs of one owner would be. */
const untracked = new Turnstile();

/** `runTranscription` of `index.ts`, which tells what it does, with its way to become an owner. */
export async function transcribe(
  becomeOwner: StartOwnerTelling,
  input: string,
  output: string,
  options: TranscriptionOptions,
): Promise<TranscriptionResult> {
  const startedAt = performance.now();
  const notices = new Notices();
  const startOwner: StartOwner = (config, more) => becomeOwner(config, { ...more, onWarning: noticeForAll });
  try {
    const task = await taskOf(input, output, options, notices);
    task.signal?.throwIfAborted();
    const outcome = await (task.jobId === undefined
      ? inPassing(startOwner, task)
      : seeThrough(startOwner, task.config, task));
    const elapsedSeconds = (performance.now() - startedAt) / 1000;
    return { ...outcome, elapsedSeconds, logs: [...outcome.logs, ...notices.lines] };
  } finally {
    notices.end();
  }
}

/** @throws UsageError */
async function taskOf(input: string, output: string, options: TranscriptionOptions, notices: Notices): Promise<Task> {
  const { config, warnings } = settingsWith(options);
  for (const warning of warnings) notices.add(warning);
  if (typeof input !== 'string' || input === '') throw new UsageError('The input must be the path of a recording.');
  const path = resolve(input);
  const { requireFile } = await import('../jobs/submit.ts');
  await requireFile(path);
  const { jobId, signal, onProgress } = options;
  if (jobId !== undefined && !config.tracking) {
    notices.add(`Tracking is switched off (LONGHAND_PROCESS_TRACKING), so there is no job ${jobId}.`);
  }
  return {
    input: path,
    output: await checkedOutput(output, path),
    config,
    jobId: config.tracking ? jobId : undefined,
    signal,
    onProgress: safely(onProgress, notices),
    notices,
  };
}

/** Works in a data folder of its own, of which nothing is kept. */
async function inPassing(startOwner: StartOwner, task: Task): Promise<Outcome> {
  const { config, notices, signal } = task;
  const leave = await untracked.enter(config.maxConcurrent, signal);
  try {
    const folder = await openPassingFolder(config, {
      startOwner,
      onLeftOver: (leftOver, error) => {
        if (error) notices.add(`What was left in ${leftOver} could not be removed: ${reportOf(error).message}`);
      },
    });
    try {
      return await seeThrough(startOwner, folder.config, task);
    } finally {
      await folder.close().catch(notices.failed(`${folder.config.dataDir} could not be removed`));
    }
  } finally {
    leave();
  }
}
