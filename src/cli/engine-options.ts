import { type Command, InvalidArgumentError } from 'commander';
import type { ConfigInput } from '../config/schema.ts';

/** How recordings are recognised. */
export interface EngineFlags {
  engine?: 'auto' | 'whisper' | 'pocketsphinx' | 'openai';
  model?: string;
  language?: string;
  processes?: number;
  workers?: number;
  chunkDuration?: number;
  overlap?: number;
}

/** Adds the options of every command that hands recordings in. */
export function withEngineOptions(command: Command): Command {
  return command
    .option('--engine <name>', 'auto, whisper, pocketsphinx or openai (LONGHAND_ENGINE)')
    .option(
      '--model <name>',
      "auto, tiny, base, small, medium, large, large-v3-turbo, or a model's file (LONGHAND_MODEL)",
    )
    .option('--language <code>', 'auto, en, th, … (LONGHAND_LANGUAGE)')
    .option('--processes <n>', 'engine workers side by side (LONGHAND_PROCESSES)', numberOf)
    .option('--workers <n>', 'threads of each engine worker (LONGHAND_WORKERS)', numberOf)
    .option('--chunk-duration <seconds>', "length of a chunk; the engine's own by default", numberOf)
    .option('--overlap <seconds>', 'seconds that neighbouring chunks share (default 0)', numberOf);
}

/** The settings that the options stand for. */
export function engineSettingsOf(flags: EngineFlags): ConfigInput {
  return {
    engine: flags.engine,
    model: flags.model,
    language: flags.language,
    processes: flags.processes,
    workers: flags.workers,
    chunkDurationSeconds: flags.chunkDuration,
    overlapSeconds: flags.overlap,
  };
}

/** A number as typed. */
export function numberOf(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}
