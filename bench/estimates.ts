/**
 * What is said about how long it will take, against how long it takes.
 *
 * Twenty recordings of speech, of two minutes to twenty, are handed in as jobs of a real owner with the usual settings:
 * two jobs at once, each with two engine workers (PocketSphinx). Of each job what `longhand show` says is noted when a quarter
 * of its speech is text, of the queue when all its recordings wait and are known by their lengths. Twice: on a machine that has
 * learned nothing yet, and once more on the same one with what the first round has taught it.
 *
 * Truth is the wall clock. So the figures are worth something only while nothing else works on the machine, and the
 * verdict goes by the second round: before the first job has ended nobody can know how fast the machine is.
 *
 * It takes about 25 minutes. With `--scale 0.25` the recordings have half a minute to five; of the shortest, which have two
 * or three chunks, a few seconds are left then, and a second is a large share of them.
 *
 *     node bench/run.js estimates [--quick] [--scale N]     (N times as long recordings)
 */
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { ApiClient } from '../src/api/client.ts';
import { type Owner, startOwner } from '../src/app.ts';
import { loadConfig } from '../src/config/load.ts';
import { PROGRESS_MARKS } from '../src/domain/stage.ts';
import type { QueueView } from '../src/jobs/queue-view.ts';
import type { JobDetails } from '../src/jobs/view.ts';
import type { News } from '../src/supervisor/news.ts';
import { folder, interrupted, onStage, ownEnvironment, stop } from './support/stage.ts';

const MINUTES = [2, 4, 8, 2, 20, 4, 3, 6, 2, 12, 4, 3, 5, 8, 2, 4, 6, 3, 5, 4];
const QUICK_MINUTES = [1, 2, 1, 1.5, 1, 2];
const QUARTER = 0.25;
const BUDGET = { eta: 0.15, share: 0.9, queue: 0.2 };
const WAV_HEADER_BYTES = 44;
const BYTES_PER_MINUTE = 60 * 16_000 * 2;

const run = promisify(execFile);

const WHO = [
  'My brother',
  'The old teacher',
  'A young doctor',
  'Our neighbor',
  'The captain',
  'Her best friend',
  'The manager',
];
const WHAT = [
  'bought a small boat',
  'wrote a long letter',
  'found the missing key',
  'told us a funny story',
  'sold the house',
];
const WHERE = [
  'near the river',
  'at the train station',
  'in a quiet village',
  'behind the church',
  'by the lake',
  'at the hospital',
];

interface Estimate {
  minutes: number;
  /** Seconds at a quarter, and what it took from there. */
  expected: number;
  took: number;
}

const { minutes } = options();

await onStage(async () => {
  const recordings = await makeRecordings();
  const total = minutes.reduce((sum, each) => sum + each, 0);
  console.log(
    `${minutes.length} recordings, ${total} min, ${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1)}\n`,
  );
  const { config } = loadConfig({ ...foldersOf(ownEnvironment()), engine: 'pocketsphinx' }, {});
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  const owner = await startOwner(config, { acceptsJobs: true, onWarning: console.error });
  if (!owner) stop('Somebody else owns the data folder of this bench.');
  const abort = () => void owner.close('interrupted');
  interrupted.signal.addEventListener('abort', abort);
  try {
    await round('Nothing learned before', owner, recordings);
    const learned = await round('With what that has taught', owner, recordings);
    console.log(`Verdict (second round): ${learned ? 'within budget' : 'OVER BUDGET'}`);
    process.exitCode = learned ? 0 : 1;
  } finally {
    interrupted.signal.removeEventListener('abort', abort);
    await owner.close();
  }
});

/** @returns whether it was within the budgets */
async function round(name: string, owner: Owner, recordings: readonly string[]): Promise<boolean> {
  const api = new ApiClient(owner.socketPath);
  await api.post('/api/queue/pause', {});
  const jobs = [];
  for (const [index, path] of recordings.entries()) {
    const { id } = await api.post<{ id: number }>('/api/jobs', wish(path));
    jobs.push({ id, minutes: minutes[index] as number });
  }
  for (const { id } of jobs) await untilLengthIsKnown(api, id);
  await api.post('/api/queue/resume');
  const { endsInSeconds } = await api.get<QueueView>('/api/queue');
  const started = performance.now();
  const estimates = await Promise.all(jobs.map((job) => follow(api, job.id, job.minutes)));
  const took = (performance.now() - started) / 1000;

  console.log(name);
  console.log('  minutes   a quarter done: left    it took   error');
  for (const { minutes: length, expected, took: truth } of estimates) {
    const columns = [length.toFixed(2).padStart(9), expected.toFixed(1).padStart(23), truth.toFixed(1).padStart(10)];
    console.log(`${columns.join(' ')} ${percent(expected / truth - 1)}`);
  }
  const errors = estimates.map(({ expected, took: truth }) => expected / truth - 1);
  const close = errors.filter((error) => Math.abs(error) <= BUDGET.eta).length / errors.length;
  const queueError = (endsInSeconds ?? 0) / took - 1;
  console.log(`  within ±15 %: ${(100 * close).toFixed(0)} %   (target 90 %)`);
  const said = `${endsInSeconds?.toFixed(0)} s said, ${took.toFixed(0)} s taken`;
  console.log(`  the queue's end: ${said}, ${percent(queueError).trim()}   (target ±20 %)\n`);
  return close >= BUDGET.share && Math.abs(queueError) <= BUDGET.queue;
}

async function follow(api: ApiClient, id: number, length: number): Promise<Estimate> {
  let quarter: { at: number; secondsLeft: number } | undefined;
  for await (const { data } of api.events(`/api/jobs/${id}/events`, interrupted.signal)) {
    const news = data as News;
    const now = performance.now();
    if (news.type === 'progress' && !quarter && shareDone(news.progress.percent) >= QUARTER) {
      const { secondsLeft } = await api.get<JobDetails>(`/api/jobs/${id}/details`);
      if (secondsLeft !== null) quarter = { at: now, secondsLeft };
    }
    if (news.type === 'state' && news.status === 'completed' && quarter) {
      return { minutes: length, expected: quarter.secondsLeft, took: (now - quarter.at) / 1000 };
    }
    if (news.type === 'state' && news.status === 'failed') throw new Error(`Job ${id} has failed.`);
  }
  throw new Error(`The news of job ${id} ended before it was done.`);
}

/** Of the speech, from the per cent between two marks. */
function shareDone(done: number): number {
  const { segments, finalizing } = PROGRESS_MARKS;
  return (done - segments.percent) / (finalizing.percent - segments.percent);
}

async function untilLengthIsKnown(api: ApiClient, id: number): Promise<void> {
  const enough = new AbortController();
  for await (const { data } of api.events(
    `/api/jobs/${id}/events`,
    AbortSignal.any([enough.signal, interrupted.signal]),
  )) {
    const news = data as News;
    // It may have been found before anybody listened: the stream begins with the job's state.
    const { durationSeconds } = await api.get<{ durationSeconds: number }>(`/api/jobs/${id}`);
    if (news.type === 'length' || durationSeconds > 0) return enough.abort();
  }
}

function wish(path: string): object {
  const { processes, workers, preprocessWorkers, overlapSeconds } = loadConfig({}, {}).config;
  const rest = { model: 'auto', language: 'en', processes, workers, preprocessWorkers, overlapSeconds };
  return { path, engine: 'pocketsphinx', ...rest, again: true };
}

/** Pieces of one long speech, each from another place in it. */
async function makeRecordings(): Promise<string[]> {
  const longest = Math.max(...minutes);
  const speech = await speak(longest);
  const paths: string[] = [];
  for (const [index, length] of minutes.entries()) {
    const bytes = 2 * Math.floor((length * BYTES_PER_MINUTE) / 2);
    const room = speech.length - bytes;
    const from = 2 * Math.floor((room * ((index * 7) % minutes.length)) / minutes.length / 2);
    const path = join(folder, `talk-${index + 1}.wav`);
    await writeFile(path, Buffer.concat([wavHeader(bytes), speech.subarray(from, from + bytes)]));
    paths.push(path);
  }
  return paths;
}

/** At least so many minutes, 16 kHz mono. */
async function speak(atLeast: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for (let part = 0; bytes < atLeast * BYTES_PER_MINUTE; part += 1) {
    const path = join(folder, `part-${part}.wav`);
    await run('flite', ['-voice', part % 2 === 0 ? 'slt' : 'rms', '-t', sentences(part), '-o', path], {
      signal: interrupted.signal,
    });
    const samples = (await readFile(path)).subarray(WAV_HEADER_BYTES);
    parts.push(samples);
    bytes += samples.length;
  }
  return Buffer.concat(parts);
}

/** About a minute of speech; each part says something else. */
function sentences(part: number): string {
  return Array.from({ length: 20 }, (_, index) => {
    const number = part * 20 + index;
    return `${WHO[number % WHO.length]} ${WHAT[number % WHAT.length]} ${WHERE[number % WHERE.length]}.`;
  }).join(' ');
}

/** RIFF, 16 kHz, mono, 16 bit (http://soundfile.sapp.org/doc/WaveFormat/). */
function wavHeader(bytes: number): Buffer {
  const header = Buffer.alloc(WAV_HEADER_BYTES);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + bytes, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(16_000, 24);
  header.writeUInt32LE(32_000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(bytes, 40);
  return header;
}

function percent(share: number): string {
  return `${share >= 0 ? '+' : '−'}${Math.abs(100 * share).toFixed(0)} %`.padStart(7);
}

function foldersOf({ LONGHAND_DATA: dataDir, LONGHAND_CACHE: cacheDir }: NodeJS.ProcessEnv) {
  return { dataDir, cacheDir };
}

function options(): { minutes: number[] } {
  try {
    const { values } = parseArgs({ options: { quick: { type: 'boolean' }, scale: { type: 'string', default: '1' } } });
    const scale = Number(values.scale);
    if (!(scale > 0)) stop(`--scale must be a number above 0, not "${values.scale}".`);
    return { minutes: (values.quick ? QUICK_MINUTES : MINUTES).map((each) => each * scale) };
  } catch (error) {
    return stop((error as Error).message);
  }
}
