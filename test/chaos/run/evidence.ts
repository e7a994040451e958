import { cpSync, existsSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRows } from './inspection.ts';

const LOG_LINES = 80;

/** What helps to understand a finding: the job's rows, the end of its log and of the owner's. */
export async function evidenceOf(dataDir: string, jobId: number | undefined): Promise<string> {
  const parts = [tailOf(dataDir, 'longhand.log')];
  if (jobId !== undefined) parts.push(tailOf(dataDir, `transcribe_job_${jobId}.log`), await rowsOf(dataDir, jobId));
  return parts.join('\n\n');
}

/** Keeps the whole data folder, without sockets and FIFOs, which cannot be copied. */
export function keepEvidence(dataDir: string, folder: string): void {
  const filter = (source: string) => {
    const facts = lstatSync(source);
    return facts.isFile() || facts.isDirectory();
  };
  cpSync(dataDir, folder, { recursive: true, filter });
}

function tailOf(dataDir: string, name: string): string {
  const path = join(dataDir, 'logs', name);
  if (!existsSync(path)) return `There is no ${name}.`;
  return [`The end of ${name}:`, ...readFileSync(path, 'utf8').trimEnd().split('\n').slice(-LOG_LINES)].join('\n');
}

async function rowsOf(dataDir: string, jobId: number): Promise<string> {
  const { jobs, queue, runs, chunks, events } = await readRows(dataDir);
  const its = (rows: { job_id: number }[]) => rows.filter((row) => row.job_id === jobId);
  const shown = {
    job: jobs.filter(({ id }) => id === jobId),
    queue: its(queue),
    runs: its(runs),
    chunks: its(chunks).map((chunk) => ({ ...chunk, words: undefined })),
    events: its(events),
  };
  return Object.entries(shown)
    .map(([name, rows]) => [`${name}:`, ...rows.map((row) => JSON.stringify(row, shortened))].join('\n  '))
    .join('\n');
}

function shortened(_key: string, value: unknown): unknown {
  if (value === null) return undefined;
  return typeof value === 'string' ? value.slice(0, 300) : value;
}
