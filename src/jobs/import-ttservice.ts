/** Takes over the jobs of a TTService database: their texts, times and states. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobStatus } from '../domain/job.ts';
import { makePrivateFolder, writeFileAtomically } from '../files/directory.ts';
import { TRANSCRIPT_ARTIFACT } from '../pipeline/artifacts.ts';
import type { JobParameters } from '../pipeline/order.ts';
import { listArtifacts } from '../store/artifacts.ts';
import { importJob } from '../store/import-job.ts';
import type { Store } from '../store/store.ts';
import { type TtserviceJob, ttserviceJobs } from '../store/ttservice.ts';
import { formatTranscript } from '../transcript/formats/index.ts';
import { transcriptOfText } from './transcript-of-text.ts';
import { fateOf, importedJob, isWorkedOn, withFullPaths } from './ttservice-row.ts';

const TRANSCRIPT_FILE = 'transcript.json';

export interface ImportOptions {
  store: Store;
  dataDir: string;
  /** TTService's `data/transcriptor.db`. */
  path: string;
  /** With what a job is worked on when somebody asks for it again, given what TTService was told. */
  parametersFor(asked: Pick<TtserviceJob, 'model' | 'processes' | 'workers'>): Promise<JobParameters>;
}

export interface ImportReport {
  imported: {
    /** Its number here. */
    id: number;
    formerId: number;
    filename: string;
    formerStatus: string;
    status: JobStatus;
    reason: string;
  }[];
  /** Rows that an earlier import has brought. */
  known: number;
  /** Rows that were left alone because a process of TTService works on them. */
  inWork: { formerId: number; filename: string; processId: number | null }[];
}

/**
 * Imports every job that is not here yet. The database is only read; doing it again brings what has come in between.
 * @throws UsageError when the file is no database of TTService
 */
export async function importTtservice(options: ImportOptions): Promise<ImportReport> {
  const report: ImportReport = { imported: [], known: 0, inWork: [] };
  for (const row of ttserviceJobs(options.path)) {
    const job = withFullPaths(row, options.path);
    const { id: formerId, filename, status: formerStatus, processId } = job;
    if (isWorkedOn(job, options.store.clock.now())) {
      report.inWork.push({ formerId, filename, processId });
      continue;
    }
    const fate = fateOf(job);
    const { id, isNew } = await bring(job, fate, options);
    if (isNew) report.imported.push({ id, formerId, filename, formerStatus, ...fate });
    else report.known += 1;
  }
  return report;
}

async function bring(job: TtserviceJob, fate: ReturnType<typeof fateOf>, options: ImportOptions) {
  const { store, dataDir, parametersFor } = options;
  const done = fate.status === 'completed' ? resultOf(job) : undefined;
  const parameters = await parametersFor(job);
  const brought = await importJob(store, importedJob(job, fate, { parameters, done, now: store.clock.now() }));
  if (done && (await isRecorded(store, brought.id, done.artifact.sha256))) {
    await writeTranscript(join(dataDir, 'jobs', String(brought.id)), done.content);
  }
  return brought;
}

/** The text, from the row or from the file that the row names, and the transcript that is made of it. */
function resultOf(job: TtserviceJob) {
  const { transcript, outputPath, durationMinutes, model } = job;
  const file = outputPath !== null && existsSync(outputPath) ? outputPath : undefined;
  const text = transcript ?? (file ? readFileSync(file, 'utf8') : '');
  const content = formatTranscript(transcriptOfText(text, { durationMs: durationMinutes * 60_000, model }), 'json');
  const sha256 = createHash('sha256').update(content).digest('hex');
  const bytes = Buffer.byteLength(content);
  const artifact = { stage: 'transcribe', name: TRANSCRIPT_ARTIFACT, path: TRANSCRIPT_FILE, sha256, bytes } as const;
  return { text, content, artifact };
}

/** One that was imported before may have another transcript by now. */
async function isRecorded(store: Store, id: number, sha256: string): Promise<boolean> {
  return (await listArtifacts(store, id)).some((artifact) => artifact.sha256 === sha256);
}

/** The row is there first. Should this be interrupted in between, the next import writes the file. */
async function writeTranscript(folder: string, content: string): Promise<void> {
  const path = join(folder, TRANSCRIPT_FILE);
  if (existsSync(path)) return;
  makePrivateFolder(folder);
  await writeFileAtomically(path, content);
}
