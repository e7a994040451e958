/**
 * `prepare`: from any audio or video file to 16 kHz mono samples, cut into chunks.
 *
 * The recording is referenced and hashed, never copied. The decoded audio is an artifact with its sha256: a later run
 * trusts it only after hashing it again, and else decodes anew. The cut is made once and kept.
 */
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type ChunkOptions, planChunks } from '../../audio/chunks.ts';
import { type DecodedAudio, decode } from '../../audio/decode.ts';
import { type Loudness, SAMPLE_RATE_HZ } from '../../audio/loudness.ts';
import { type AudioProbe, probe } from '../../audio/probe.ts';
import { DiskError, InputError } from '../../domain/errors.ts';
import type { SoundQuality } from '../../domain/model-choice.ts';
import { diskSpaceOf } from '../../files/disk-space.ts';
import { sha256OfFile } from '../../files/hash.ts';
import { AUDIO_ARTIFACT, AUDIO_FILE } from '../artifacts.ts';
import { type PipelineContext, throwIfStopping } from '../pipeline.ts';
import { writeWaveform } from '../waveform-file.ts';

const BYTES_PER_SAMPLE = 2;
/** Left free beside the decoded audio, for the store, the log and the transcript. */
const DISK_MARGIN_BYTES = 64 * 1024 * 1024;

/** What `prepare` tells the later stages and runs. */
export interface PrepareOutput {
  samples: number;
  /** Missing where nobody can be heard to speak, and in jobs that were prepared before it was measured. */
  quality?: SoundQuality;
  warnings: string[];
}

/** Makes the audio file and the plan of chunks, or finds that an earlier run's are still good. */
export async function prepare(context: PipelineContext): Promise<PrepareOutput> {
  const { checkpoint, order, progress } = context;
  await checkpoint.setStage('prepare', { status: 'processing' });
  progress.at('loading');
  const sourceSha256 = await recogniseSource(context);
  const known = order.known.stages.find(({ name, status }) => name === 'prepare' && status === 'complete');
  if (known && (await audioIsIntact(context))) {
    await checkpoint.setStage('prepare', { status: 'complete', output: known.output });
    return known.output as PrepareOutput;
  }
  const source = await probe(order.sourcePath, { signal: context.abort });
  if (source.durationSeconds && !order.known.outlook?.secondsLeft) context.work.ahead(source.durationSeconds);
  await requireSpace(context, source);
  throwIfStopping(context);
  const { loudness, peaks, quality, warnings } = await decodeSource(context, source);
  await writeWaveform(order.jobDir, sourceSha256, peaks);
  const durationSeconds = loudness.samples / SAMPLE_RATE_HZ;
  await checkpoint.setFacts({ durationSeconds });
  throwIfStopping(context);
  await planOnce(context, loudness);
  for (const warning of warnings) context.log('WARNING', 'prepare', warning);
  if (quality) context.log('INFO', 'prepare', inWords(quality));
  const output: PrepareOutput = { samples: loudness.samples, ...(quality ? { quality } : {}), warnings };
  await checkpoint.setStage('prepare', { status: 'complete', output });
  return output;
}

/** Cuts the audio, unless an earlier run did: what is committed was recognised by that cut. */
async function planOnce(context: PipelineContext, loudness: Loudness): Promise<void> {
  if ((await context.checkpoint.chunkCounts()).total > 0) return;
  const chunks = planChunks(loudness, chunkOptions(context));
  await context.checkpoint.planChunks(
    chunks.map(({ index, startSample, endSample, speech }) => ({ number: index, startSample, endSample, speech })),
  );
  const seconds = (loudness.samples / SAMPLE_RATE_HZ).toFixed(1);
  const speaking = chunks.filter(({ speech }) => speech).length;
  context.log(
    'INFO',
    'prepare',
    `${seconds} s of audio in ${chunks.length} ${chunks.length === 1 ? 'chunk' : 'chunks'}, ${speaking} with speech`,
  );
}

/** Makes sure that the recording is still the one that the job was made for. @returns its sha256 */
async function recogniseSource({ order, checkpoint, abort, log }: PipelineContext): Promise<string> {
  if (order.sourcePath === '') {
    throw new InputError('Nothing says where the recording of this job is.', {
      remedy: 'Hand the recording in again, and delete this job.',
    });
  }
  const facts = await stat(order.sourcePath).catch((error: NodeJS.ErrnoException) => {
    throw new InputError(`"${order.sourcePath}" cannot be read any more (${error.code}).`, {
      remedy: 'Put the recording back where it was, then resume the job.',
    });
  });
  const { known } = order;
  if (known.sourceSha256 && known.sourceBytes === facts.size && known.sourceModifiedMs === Math.round(facts.mtimeMs))
    return known.sourceSha256;
  log('INFO', 'prepare', 'Reading the recording');
  const sha256 = await sha256OfFile(order.sourcePath, abort);
  if (known.sourceSha256 && known.sourceSha256 !== sha256) {
    throw new InputError(`"${order.sourcePath}" is no longer the recording that this job was made for.`, {
      remedy: 'Put the first one back and resume the job, or transcribe the new one as a job of its own.',
    });
  }
  await checkpoint.setFacts({
    sourceSha256: sha256,
    sourceBytes: facts.size,
    sourceModifiedMs: Math.round(facts.mtimeMs),
  });
  return sha256;
}

async function audioIsIntact(context: PipelineContext): Promise<boolean> {
  const { order } = context;
  const artifact = order.known.artifacts.find(({ name }) => name === AUDIO_ARTIFACT);
  if (!artifact) return false;
  const problem = await sha256OfFile(join(order.jobDir, artifact.path), context.abort).then(
    (sha256) => (sha256 === artifact.sha256 ? undefined : 'is not what was written'),
    (error: NodeJS.ErrnoException) => {
      if (context.abort.aborted) throw error;
      return `cannot be read (${error.code})`;
    },
  );
  if (problem) context.log('WARNING', 'prepare', `The decoded audio ${problem}; decoding again`);
  return !problem;
}

async function requireSpace({ order }: PipelineContext, source: AudioProbe): Promise<void> {
  const seconds = source.durationSeconds ?? 0;
  const needed = seconds * SAMPLE_RATE_HZ * BYTES_PER_SAMPLE + DISK_MARGIN_BYTES;
  const { freeBytes: free } = await diskSpaceOf(order.jobDir);
  if (free >= needed) return;
  const inMb = (bytes: number) => `${Math.ceil(bytes / 1024 / 1024)} MB`;
  throw new DiskError(
    `There is not enough disk space for "${basename(order.sourcePath)}": ${inMb(needed)} needed, ${inMb(free)} free.`,
    'Free some space on that disk.',
    { neededBytes: needed },
  );
}

/** Decodes the recording into the job's folder. */
async function decodeSource(
  context: PipelineContext,
  source: AudioProbe,
): Promise<Pick<DecodedAudio, 'loudness' | 'peaks' | 'quality' | 'warnings'>> {
  const { order, checkpoint, progress } = context;
  const path = join(order.jobDir, AUDIO_FILE);
  const decoded = await decode(order.sourcePath, path, {
    probe: source,
    threads: order.preprocessWorkers,
    signal: AbortSignal.any([context.abort, context.drain]),
    onProgress: (seconds) =>
      progress.between('loading', 'model', source.durationSeconds ? seconds / source.durationSeconds : 0),
    onLine: (line) => context.log('DEBUG', 'prepare', line),
  });
  await checkpoint.recordArtifact({
    stage: 'prepare',
    name: AUDIO_ARTIFACT,
    path: AUDIO_FILE,
    sha256: decoded.sha256,
    bytes: decoded.samples * BYTES_PER_SAMPLE,
  });
  return decoded;
}

function inWords({ bandwidthHz, snrDb }: SoundQuality): string {
  return `Speech up to ${(bandwidthHz / 1000).toFixed(1)} kHz, ${Math.round(snrDb)} dB above the noise`;
}

function chunkOptions({ order, engine }: PipelineContext): ChunkOptions {
  return {
    chunkSeconds: Math.min(order.chunkDurationSeconds ?? engine.chunkDurationSeconds, engine.maxChunkSeconds),
    maxChunkSeconds: engine.maxChunkSeconds,
    overlapSeconds: order.overlapSeconds,
  };
}
