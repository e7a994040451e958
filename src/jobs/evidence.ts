/**
 * The evidence of a job, as a folder that can be read without Longhand and handed to somebody who shall help: what was
 * asked for, how each run ended, what it used, and the log. It is made of what the store and the log tell, so it can be
 * made at any time after the job went wrong, and again.
 */
import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DiskError } from '../domain/errors.ts';
import { makePrivateFolder, PRIVATE_FILE_MODE, syncFolder } from '../files/directory.ts';
import { readmeOf } from './evidence-readme.ts';
import type { RunUsage } from './usage.ts';
import type { JobDetails, RunView } from './view.ts';

/** Lines of the log that are asked for. */
export const EVIDENCE_LOG_LINES = 10_000;
/** Lines of the log that tell of the failure itself. */
const TAIL_LINES = 200;

export interface EvidenceSources {
  job: JobDetails;
  usage: readonly RunUsage[];
  /** The end of the job's log: the last `EVIDENCE_LOG_LINES` lines. */
  log: string;
  /** ISO 8601: when it was asked for. */
  at: string;
  /** Of the Longhand that writes this, which need not be the one that ran the job. */
  version: string;
}

/** Name (with `/` where it is in a folder) to content. It holds nothing that was said, and no sound. */
export function evidenceFiles(sources: EvidenceSources): Map<string, string> {
  const { job, usage, log } = sources;
  const failed = failedRun(job);
  const files = new Map([
    ['README.txt', readmeOf(sources, failed)],
    ['job.json', jsonText(job)],
    ['log-tail.txt', logTail(log, failed)],
    ['log.txt', log],
    ['usage.csv', usageTable(usage)],
    ['events.txt', history(job)],
  ]);
  for (const run of job.runs) {
    files.set(`runs/run-${run.number}.json`, jsonText(run));
    if (run.evidence) files.set(`runs/run-${run.number}-evidence.txt`, wholeLines(run.evidence));
  }
  return files;
}

/**
 * Writes the files into a new folder `job-<id>` below `folder`, which is made if need be: all of them or none. What is
 * there already is left as it is; then the folder is `job-<id>-2`, `job-<id>-3`, …
 * @returns the path of the new folder
 * @throws DiskError when it cannot be written
 */
export async function writeEvidence(folder: string, jobId: number, files: Map<string, string>): Promise<string> {
  const aside = join(folder, `.job-${jobId}.${randomUUID()}.part`);
  try {
    makePrivateFolder(folder);
    for (const [name, content] of files) await writePrivately(join(aside, name), content);
    for (const path of new Set([...files.keys()].map((name) => dirname(join(aside, name))))) await syncFolder(path);
    const settled = await renameToFree(aside, join(folder, `job-${jobId}`));
    await syncFolder(folder);
    return settled;
  } catch (error) {
    throw unwritable(error, folder);
  } finally {
    // There only when something went wrong; where nothing can be written nothing was.
    await rm(aside, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** The run that tells why the job did not go on: the last one that failed, or ended without a word. */
function failedRun({ runs }: JobDetails): RunView | undefined {
  return runs.findLast(({ outcome }) => outcome === 'failed' || outcome === 'crashed' || outcome === 'orphaned');
}

/** The last lines that were written before the run was over; later ones are of later runs. */
function logTail(log: string, run: RunView | undefined): string {
  const lines = log.split('\n').slice(0, -1);
  const endedAt = run?.endedAt;
  const after = endedAt ? lines.findIndex((line) => timeOf(line) > endedAt) : -1;
  const tail = lines.slice(0, after < 0 ? lines.length : after).slice(-TAIL_LINES);
  if (tail.length > 0) return wholeLines(tail.join('\n'));
  return run?.evidence ? wholeLines(run.evidence) : 'Of that time there is no log any more.\n';
}

/** Each line of a log begins with its time, ISO 8601 in UTC. One that does not is as old as the one before it. */
function timeOf(line: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/.exec(line)?.[0] ?? '';
}

function usageTable(usage: readonly RunUsage[]): string {
  const rows = usage.flatMap(({ run, points }) =>
    points.map(({ at, elapsedSeconds, cpuPercent, memoryBytes, progress }) =>
      [run, at, ...[elapsedSeconds, cpuPercent, memoryBytes, progress].map(figure)].join(','),
    ),
  );
  return `${['run,at,elapsed_seconds,cpu_percent,memory_bytes,progress_percent', ...rows].join('\n')}\n`;
}

/** With two decimals at most. What the system did not tell is empty. */
function figure(value: number | null): string {
  return value === null ? '' : String(Math.round(value * 100) / 100);
}

function history(job: JobDetails): string {
  return job.history.map(({ at, sentence }) => `${at}  ${sentence}\n`).join('');
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function wholeLines(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}

async function writePrivately(path: string, content: string): Promise<void> {
  makePrivateFolder(dirname(path));
  const file = await open(path, 'wx', PRIVATE_FILE_MODE);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A rename replaces an empty folder and nothing else (rename(2)). */
async function renameToFree(from: string, wanted: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const to = number === 1 ? wanted : `${wanted}-${number}`;
    try {
      await rename(from, to);
      return to;
    } catch (error) {
      if (!TAKEN.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
}

const TAKEN = ['ENOTEMPTY', 'EEXIST', 'ENOTDIR'];

function unwritable(error: unknown, folder: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  return new DiskError(
    `The evidence cannot be written to ${folder} (${code}).`,
    'Choose another folder: --evidence DIR',
  );
}
