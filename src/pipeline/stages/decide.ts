/**
 * What is decided before the first chunk is handed out: the model, how many engine workers hold it, and the language.
 *
 * Model and language are decided once and committed, so that a resumed job goes on with the same ones. Only when memory
 * ran out with the model is another, smaller one taken. How many engine workers fit depends on the memory there is, so it
 * is asked anew by each run; their threads are shared out among those that remain.
 */
import { basename } from 'node:path';
import { SAMPLE_RATE_HZ } from '../../audio/loudness.ts';
import { inWords } from '../../domain/admission.ts';
import { byteSize } from '../../domain/bytes.ts';
import { InputError } from '../../domain/errors.ts';
import { ModelTooLargeError, memoryFit } from '../../domain/memory-fit.ts';
import type { AudioSlice, ResolvedModel } from '../../engines/engine.ts';
import type { PipelineContext } from '../pipeline.ts';
import { detectLanguage } from './detect-language.ts';
import type { PrepareOutput } from './prepare.ts';

/** What later runs must know. */
export interface TranscribeOutput {
  model: ResolvedModel;
  /** Missing while it is being detected. */
  language?: string;
  /** The models that memory ran out with before this one, in order. */
  earlierModels?: string[];
}

/** What this run works with. */
export interface Decision extends TranscribeOutput {
  language: string;
  /** Engine workers side by side. */
  processes: number;
  /** Threads of each. */
  workers: number;
}

export interface DecideOptions {
  /** What the language is detected from; undefined when nothing is left to recognise. */
  sample: AudioSlice | undefined;
  /** Seconds of work for a second of this recording with this model. */
  factorOf(model: string, processes: number): number;
}

/**
 * Decides what was not decided yet, and commits it.
 * @throws ModelError; InputError when the engine does not know the language; LonghandError of the kind `memory` when not
 *   even one engine worker fits
 */
export async function decide(
  context: PipelineContext,
  prepared: PrepareOutput,
  { sample, factorOf }: DecideOptions,
): Promise<Decision> {
  const { order, engine, checkpoint } = context;
  const known = order.known.stages.find(({ name }) => name === 'transcribe')?.output as TranscribeOutput | undefined;
  const { processes, ...chosen } = await decideModel(context, prepared, known);
  const output: TranscribeOutput = {
    ...chosen,
    ...(known?.language === undefined ? {} : { language: known.language }),
  };
  const workers = Math.max(order.workers, Math.floor((order.workers * order.processes) / processes));
  const { name: model } = output.model;
  const isNew = model !== known?.model.name;
  const estimate = isNew ? { estimatedSeconds: secondsOf(prepared) * factorOf(model, processes) } : {};
  await checkpoint.setFacts({ engine: engine.name, model, processes, workers, ...estimate });
  // The model stands before it is used for the first time: when memory runs out with it, it is known which one it was.
  if (isNew) await checkpoint.setStage('transcribe', { status: 'processing', output });
  const language = known?.language ?? (await decideLanguage(context, { ...output, workers }, sample));
  if (known?.language === undefined) {
    await checkpoint.setFacts({ language });
    await checkpoint.setStage('transcribe', { status: 'processing', output: { ...output, language } });
  }
  return { ...output, language, processes, workers };
}

type ModelDecision = Omit<TranscribeOutput, 'language'> & { processes: number };

async function decideModel(
  context: PipelineContext,
  prepared: PrepareOutput,
  known: TranscribeOutput | undefined,
): Promise<ModelDecision> {
  const { order, engine, log } = context;
  if (order.smallerModel !== undefined && order.smallerModel !== known?.model.name) {
    return await stepDown(context, known, order.smallerModel);
  }
  if (known) {
    const { model, earlierModels } = known;
    return { model, ...(earlierModels ? { earlierModels } : {}), processes: await processesFor(context, model) };
  }
  if (order.model === 'auto' && engine.chooseModel) {
    const chosen = await engine.chooseModel(
      {
        durationSeconds: secondsOf(prepared),
        quality: prepared.quality,
        language: order.language,
        processes: order.processes,
        freeBytes: context.usableMemoryBytes(),
        limitBytes: order.memoryLimitBytes,
      },
      order.settings,
    );
    log('INFO', 'transcribe', `Model ${chosen.model.name}: ${chosen.model.reason}`);
    return chosen;
  }
  const model = await engine.resolveModel(order.model, order.settings, order.language);
  if (model.reason) log('INFO', 'transcribe', `Model ${model.name}: ${model.reason}`);
  return { model, processes: await processesFor(context, model) };
}

/** What is committed stays; the rest is done with the smaller model. */
async function stepDown(
  context: PipelineContext,
  known: TranscribeOutput | undefined,
  smallerModel: string,
): Promise<ModelDecision> {
  const { order, engine, log } = context;
  const earlier = known?.model.name ?? basename(order.model);
  const earlierModels = [...(known?.earlierModels ?? []), earlier];
  const model = {
    ...(await engine.resolveModel(smallerModel, order.settings)),
    reason: `memory ran out with ${earlier}`,
  };
  log('INFO', 'transcribe', `Model ${model.name}: ${model.reason}`);
  return { model, earlierModels, processes: await processesFor(context, model) };
}

/** How many of the engine workers that were asked for fit into memory with this model: at least one, or none may start. */
async function processesFor(context: PipelineContext, model: ResolvedModel): Promise<number> {
  const { order, engine, log } = context;
  const limitBytes = order.memoryLimitBytes;
  const freeBytes = context.usableMemoryBytes();
  const needBytes = (processes: number) =>
    engine.memoryNeedBytes({ model: model.path ?? model.name, processes }, order.settings);
  const { processes, leastBytes } = await memoryFit(needBytes, order.processes, { freeBytes, limitBytes });
  if (leastBytes > limitBytes) throw new ModelTooLargeError(model.name, leastBytes, limitBytes);
  const { need, room } = inWords(leastBytes, freeBytes);
  if (leastBytes > freeBytes) {
    log('WARNING', 'transcribe', `Model ${model.name} needs ${need} of memory, and ${room} are free`);
  } else if (processes < order.processes) {
    const workers = processes === 1 ? '1 engine worker' : `${processes} engine workers`;
    const within = byteSize(Math.min(limitBytes, freeBytes));
    log('INFO', 'transcribe', `Model ${model.name}: ${workers} instead of ${order.processes} to stay within ${within}`);
  }
  return processes;
}

async function decideLanguage(
  context: PipelineContext,
  { model, workers }: { model: ResolvedModel; workers: number },
  sample: AudioSlice | undefined,
): Promise<string> {
  const { order, engine, log } = context;
  const { languages } = engine;
  if (order.language !== 'auto') {
    if (languages === 'any' || languages.includes(order.language)) return order.language;
    throw new InputError(`${engine.label} does not know the language "${order.language}".`, {
      remedy: `It knows: ${languages.join(', ')}.`,
    });
  }
  if (!engine.detectLanguage || !sample) return languages === 'any' ? 'und' : (languages[0] ?? 'und');
  const language = await detectLanguage(context, sample, {
    settings: order.settings,
    model,
    language: 'auto',
    threads: workers,
    scratchDir: order.scratchDir,
    onLine: (line) => log('DEBUG', 'transcribe', line),
  });
  log('INFO', 'transcribe', `Language: ${language}`);
  return language;
}

function secondsOf({ samples }: PrepareOutput): number {
  return samples / SAMPLE_RATE_HZ;
}
