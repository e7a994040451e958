/**
 * `transcribe`: from chunks of audio to the text of the recording.
 *
 * Model and language are decided once and committed before the first chunk is handed out, so that a resumed job goes
 * on with the same ones. Each chunk is committed when it is done; what is committed is never recognised again. The
 * text is made from committed chunks alone, which is why it does not matter how many runs it took to get there.
 */
import { join } from 'node:path';
import { SAMPLE_RATE_HZ } from '../../audio/loudness.ts';
import { writeFileAtomically } from '../../files/directory.ts';
import { formatTranscript } from '../../transcript/formats/index.ts';
import { type MergeChunk, mergeChunks } from '../../transcript/merge.ts';
import { type ModelSpan, modelChangeWarning } from '../../transcript/model-changes.ts';
import { segmentWords } from '../../transcript/segments.ts';
import type { Transcript, Word } from '../../transcript/transcript.ts';
import { AUDIO_FILE, TRANSCRIPT_ARTIFACT } from '../artifacts.ts';
import type { PendingChunk } from '../checkpoint.ts';
import { expectedSpeed } from '../expected-speed.ts';
import { type PipelineContext, throwIfStopping } from '../pipeline.ts';
import type { WorkMeter } from '../work-meter.ts';
import { type Decision, decide, type TranscribeOutput } from './decide.ts';
import type { PrepareOutput } from './prepare.ts';

const TRANSCRIPT_FILE = 'transcript.json';
const CHUNKS_A_PAGE = 200;

/** Recognises what is not committed yet, then makes the text. */
export async function transcribe(context: PipelineContext, prepared: PrepareOutput): Promise<void> {
  const { checkpoint, progress } = context;
  progress.at('model');
  await checkpoint.setStage('transcribe', { status: 'processing' });
  // Chunks without speech were committed empty with the plan; what is left is speech.
  const speech = await checkpoint.pendingChunks();
  const decided = await decide(context, prepared, {
    sample: speech[0] && sliceOf(context, speech[0]),
    factorOf: (model, processes) => expectedSpeed(context.order, context.engine, model, processes).factor,
  });
  progress.at('starting');
  if (speech.length > 0) await recognise(context, decided, speech);
  throwIfStopping(context);
  progress.at('finalizing');
  await finalize(context, decided, prepared);
}

function sliceOf({ order }: PipelineContext, { startSample, endSample }: PendingChunk) {
  return { audioPath: audioPathOf(order), startSample, endSample };
}

function audioPathOf(order: PipelineContext['order']): string {
  // `prepare` of this run has just made or verified it.
  return join(order.jobDir, AUDIO_FILE);
}

async function recognise(context: PipelineContext, decided: Decision, speech: PendingChunk[]): Promise<void> {
  const { order, checkpoint, engine, progress, work, log } = context;
  const counts = await checkpoint.chunkCounts();
  const committed = { count: counts.committed, speechSamples: counts.committedSpeechSamples };
  const report = () =>
    progress.between('segments', 'finalizing', committed.speechSamples / counts.speechSamples, {
      chunk: committed.count,
      chunks: counts.total,
    });
  const { processes } = decided;
  work.expect(expectedSpeed(order, engine, decided.model.name, processes), processes);
  work.ahead(
    (counts.speechSamples - counts.committedSpeechSamples) / SAMPLE_RATE_HZ,
    speech.map((chunk) => ({ number: chunk.number, seconds: secondsOf(chunk) })),
  );
  await checkpoint.setStage('transcribe', { status: 'processing', ...secondsLeft(work) });
  report();
  await context.recognise({
    model: decided.model,
    language: decided.language,
    processes,
    workers: decided.workers,
    audioPath: audioPathOf(order),
    chunks: speech,
    onChunk: (chunk) => {
      work.began(chunk.number);
      log('INFO', 'transcribe', `Processing chunk ${chunk.number + 1}/${counts.total}`);
    },
    commit: async (chunk, words, workMs) => {
      work.done(chunk.number, workMs);
      await checkpoint.commitChunk({
        number: chunk.number,
        words,
        engine: engine.name,
        model: decided.model.name,
        workMs,
        ...secondsLeft(work),
      });
      committed.count += 1;
      committed.speechSamples += chunk.endSample - chunk.startSample;
      if (work.speed) log('INFO', 'transcribe', `Speed: ${work.speed.toFixed(1)}x realtime`);
      report();
    },
    fail: async (chunk, error) => {
      work.failed(chunk.number);
      const tries = await checkpoint.failChunk(chunk.number, error);
      log('WARNING', 'transcribe', `Chunk ${chunk.number + 1} failed (${tries}): ${error.message}`);
      return tries;
    },
  });
}

function secondsOf({ startSample, endSample }: PendingChunk): number {
  return (endSample - startSample) / SAMPLE_RATE_HZ;
}

function secondsLeft(work: WorkMeter): { secondsLeft?: number } {
  return work.secondsLeft === undefined ? {} : { secondsLeft: work.secondsLeft };
}

async function finalize(context: PipelineContext, decided: Decision, prepared: PrepareOutput): Promise<void> {
  const { checkpoint, engine, order } = context;
  const { model, language, earlierModels } = decided;
  const { words, spans } = await committedWords(context);
  const modelChange = modelChangeWarning(spans, { earlierModels: earlierModels ?? [], model: model.name });
  const transcript: Transcript = {
    version: 1,
    durationMs: Math.round((prepared.samples / SAMPLE_RATE_HZ) * 1000),
    language,
    engine: engine.name,
    model: model.name,
    segments: segmentWords(words),
    warnings: [...prepared.warnings, ...(modelChange ? [modelChange] : [])],
  };
  const written = await writeFileAtomically(join(order.jobDir, TRANSCRIPT_FILE), formatTranscript(transcript, 'json'));
  await checkpoint.recordArtifact({
    stage: 'transcribe',
    name: TRANSCRIPT_ARTIFACT,
    path: TRANSCRIPT_FILE,
    ...written,
  });
  const output: TranscribeOutput = { model, language, ...(earlierModels ? { earlierModels } : {}) };
  await checkpoint.setStage('transcribe', { status: 'complete', output });
  if (modelChange) context.log('WARNING', 'transcribe', modelChange);
  context.log('INFO', 'transcribe', `${words.length} ${words.length === 1 ? 'word' : 'words'}`);
  await checkpoint.finish({ text: formatTranscript(transcript, 'txt') });
}

/** The words of all chunks in one line, and which model made those of each chunk. */
async function committedWords({ checkpoint, order }: PipelineContext): Promise<{ words: Word[]; spans: ModelSpan[] }> {
  const chunks: MergeChunk[] = [];
  const spans: ModelSpan[] = [];
  for (let from = 0; ; ) {
    const page = await checkpoint.committedChunks(from, CHUNKS_A_PAGE);
    const last = page.at(-1);
    if (!last) break;
    for (const { startSample, endSample, words, speech, model } of page) {
      chunks.push({ startMs: inMs(startSample), endMs: inMs(endSample), words });
      if (speech) spans.push({ startMs: inMs(startSample), model });
    }
    from = last.number + 1;
  }
  return { words: mergeChunks(chunks, { overlapMs: Math.round(order.overlapSeconds * 1000) }), spans };
}

function inMs(samples: number): number {
  return Math.round((samples / SAMPLE_RATE_HZ) * 1000);
}
