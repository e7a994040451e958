/**
 * `transcribe`: from chunks of audio to the text of the recording.
 *
 * Model and language are decided once and committed before the first chunk is handed out, so that a resumed job goes
 * on with the same ones. Each chunk is committed when it is done; what is committed is never recognised again. The
 * text is made from committed chunks alone, which is why it does not matter how many runs it took to get there.
 */
import { join } from 'node:path';
import { SAMPLE_RATE_HZ } from '../../audio/loudness.ts';
import { InputError } from '../../domain/errors.ts';
import type { ResolvedModel } from '../../engines/engine.ts';
import { writeFileAtomically } from '../../files/directory.ts';
import { formatTranscript } from '../../transcript/formats/index.ts';
import { type MergeChunk, mergeChunks } from '../../transcript/merge.ts';
import { segmentWords } from '../../transcript/segments.ts';
import type { Transcript, Word } from '../../transcript/transcript.ts';
import type { PendingChunk } from '../checkpoint.ts';
import { type PipelineContext, throwIfStopping } from '../pipeline.ts';
import { SpeedMeter } from '../progress.ts';
import { AUDIO_FILE, type PrepareOutput } from './prepare.ts';

export const TRANSCRIPT_ARTIFACT = 'transcript';
const TRANSCRIPT_FILE = 'transcript.json';
const CHUNKS_A_PAGE = 200;

/** What is decided once per job. */
export interface TranscribeOutput {
  model: ResolvedModel;
  language: string;
}

/** Recognises what is not committed yet, then makes the text. */
export async function transcribe(context: PipelineContext, prepared: PrepareOutput): Promise<void> {
  const { checkpoint, progress } = context;
  progress.at('model');
  await checkpoint.setStage('transcribe', { status: 'processing' });
  // Chunks without speech were committed empty with the plan; what is left is speech.
  const speech = await checkpoint.pendingChunks();
  const decided = await decideOnce(context, prepared, speech[0]);
  progress.at('starting');
  if (speech.length > 0) await recognise(context, decided, speech);
  throwIfStopping(context);
  progress.at('finalizing');
  await finalize(context, decided, prepared);
}

async function decideOnce(
  context: PipelineContext,
  prepared: PrepareOutput,
  sample: PendingChunk | undefined,
): Promise<TranscribeOutput> {
  const { order, engine, checkpoint } = context;
  const known = order.known.stages.find(({ name }) => name === 'transcribe')?.output as TranscribeOutput | undefined;
  if (known) return known;
  const model = await engine.resolveModel(order.model, order.settings);
  if (model.reason) context.log('INFO', 'transcribe', `Model ${model.name}: ${model.reason}`);
  const language = await decideLanguage(context, model, sample);
  const output: TranscribeOutput = { model, language };
  const estimatedSeconds = (prepared.samples / SAMPLE_RATE_HZ) * engine.seedRealtimeFactor(model.name);
  await checkpoint.setFacts({ engine: engine.name, model: model.name, language, estimatedSeconds });
  await checkpoint.setStage('transcribe', { status: 'processing', output });
  return output;
}

async function decideLanguage(
  context: PipelineContext,
  model: ResolvedModel,
  sample: PendingChunk | undefined,
): Promise<string> {
  const { order, engine } = context;
  const { languages } = engine;
  if (order.language !== 'auto') {
    if (languages === 'any' || languages.includes(order.language)) return order.language;
    throw new InputError(`${engine.label} does not know the language "${order.language}".`, {
      remedy: `It knows: ${languages.join(', ')}.`,
    });
  }
  if (engine.detectLanguage && sample) {
    const language = await engine.detectLanguage(sliceOf(context, sample), {
      settings: order.settings,
      model,
      language: 'auto',
      threads: order.workers,
      scratchDir: order.scratchDir,
      onLine: (line) => context.log('DEBUG', 'transcribe', line),
    });
    context.log('INFO', 'transcribe', `Language: ${language}`);
    return language;
  }
  return languages === 'any' ? 'und' : (languages[0] ?? 'und');
}

function sliceOf({ order }: PipelineContext, { startSample, endSample }: PendingChunk) {
  return { audioPath: audioPathOf(order), startSample, endSample };
}

function audioPathOf(order: PipelineContext['order']): string {
  // `prepare` of this run has just made or verified it.
  return join(order.jobDir, AUDIO_FILE);
}

async function recognise(context: PipelineContext, decided: TranscribeOutput, speech: PendingChunk[]): Promise<void> {
  const { checkpoint, engine, order, progress, log } = context;
  const counts = await checkpoint.chunkCounts();
  const meter = new SpeedMeter(context.now);
  const committedNumbers = { count: counts.committed, speechSamples: counts.committedSpeechSamples };
  const report = () => {
    const { speed } = meter;
    const leftSeconds = (counts.speechSamples - committedNumbers.speechSamples) / SAMPLE_RATE_HZ;
    progress.between('segments', 'finalizing', committedNumbers.speechSamples / counts.speechSamples, {
      chunk: committedNumbers.count,
      chunks: counts.total,
      ...(speed ? { speed, secondsLeft: leftSeconds / speed } : {}),
    });
  };
  report();
  meter.start();
  await context.recognise({
    model: decided.model,
    language: decided.language,
    audioPath: audioPathOf(order),
    chunks: speech,
    onChunk: ({ number }) => log('INFO', 'transcribe', `Processing chunk ${number + 1}/${counts.total}`),
    commit: async (chunk, words, workMs) => {
      await checkpoint.commitChunk({
        number: chunk.number,
        words,
        engine: engine.name,
        model: decided.model.name,
        workMs,
      });
      const samples = chunk.endSample - chunk.startSample;
      committedNumbers.count += 1;
      committedNumbers.speechSamples += samples;
      meter.add(samples / SAMPLE_RATE_HZ);
      if (meter.speed) log('INFO', 'transcribe', `Speed: ${meter.speed.toFixed(1)}x realtime`);
      report();
    },
    fail: async (chunk, error) => {
      const tries = await checkpoint.failChunk(chunk.number, error);
      log('WARNING', 'transcribe', `Chunk ${chunk.number + 1} failed (${tries}): ${error.message}`);
      return tries;
    },
  });
}

async function finalize(context: PipelineContext, decided: TranscribeOutput, prepared: PrepareOutput): Promise<void> {
  const { checkpoint, engine, order } = context;
  const words = await mergedWords(context);
  const transcript: Transcript = {
    version: 1,
    durationMs: Math.round((prepared.samples / SAMPLE_RATE_HZ) * 1000),
    language: decided.language,
    engine: engine.name,
    model: decided.model.name,
    segments: segmentWords(words),
    warnings: prepared.warnings,
  };
  const written = await writeFileAtomically(join(order.jobDir, TRANSCRIPT_FILE), formatTranscript(transcript, 'json'));
  await checkpoint.recordArtifact({
    stage: 'transcribe',
    name: TRANSCRIPT_ARTIFACT,
    path: TRANSCRIPT_FILE,
    ...written,
  });
  await checkpoint.setStage('transcribe', { status: 'complete', output: decided });
  context.log('INFO', 'transcribe', `${words.length} ${words.length === 1 ? 'word' : 'words'}`);
  await checkpoint.finish({ text: formatTranscript(transcript, 'txt') });
}

async function mergedWords({ checkpoint, order }: PipelineContext): Promise<Word[]> {
  const chunks: MergeChunk[] = [];
  for (let from = 0; ; ) {
    const page = await checkpoint.committedChunks(from, CHUNKS_A_PAGE);
    const last = page.at(-1);
    if (!last) break;
    for (const { startSample, endSample, words } of page) {
      chunks.push({ startMs: inMs(startSample), endMs: inMs(endSample), words });
    }
    from = last.number + 1;
  }
  return mergeChunks(chunks, { overlapMs: Math.round(order.overlapSeconds * 1000) });
}

function inMs(samples: number): number {
  return Math.round((samples / SAMPLE_RATE_HZ) * 1000);
}
