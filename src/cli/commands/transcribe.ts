import { type Command, InvalidArgumentError } from 'commander';
import type { ConfigInput } from '../../config/schema.ts';
import { submissionOf } from '../../jobs/submission.ts';
import type { Submitted } from '../../jobs/submit.ts';
import { say, shown } from '../output.ts';
import type { Shell } from '../shell.ts';
import { type TextFlags, withTextOptions } from '../text-options.ts';

interface Flags extends ConfigInput, TextFlags {
  engine?: 'auto' | 'whisper' | 'pocketsphinx' | 'openai';
  chunkDuration?: number;
  overlap?: number;
  untracked?: boolean;
}

const EXAMPLE = `
Text goes to standard output, or into DIR; everything else to standard error.
Exit code: 0 all done, 1 a job failed, 2 wrong usage, 130 interrupted.

Examples:
  longhand transcribe interview.m4a
  longhand transcribe lecture.mp4 --format srt --format txt --output texts
  longhand transcribe hearing.wav --engine whisper --model small --language th`;

export function defineTranscribe(program: Command, shell: Shell, finish: (code: number) => void): void {
  withTextOptions(
    program
      .command('transcribe')
      .description('turn recordings into text; each becomes a job that can be resumed')
      .argument('<file...>', 'recordings: any audio or video that ffmpeg reads')
      .option('--engine <name>', 'auto, whisper, pocketsphinx or openai (LONGHAND_ENGINE)')
      .option(
        '--model <name>',
        "auto, tiny, base, small, medium, large, large-v3-turbo, or a model's file (LONGHAND_MODEL)",
      )
      .option('--language <code>', 'auto, en, th, … (LONGHAND_LANGUAGE)')
      .option('--processes <n>', 'engine workers side by side (LONGHAND_PROCESSES)', numberOf)
      .option('--workers <n>', 'threads of each engine worker (LONGHAND_WORKERS)', numberOf)
      .option('--chunk-duration <seconds>', "length of a chunk; the engine's own by default", numberOf)
      .option('--overlap <seconds>', 'seconds that neighbouring chunks share (default 0)', numberOf)
      .option('--untracked', 'keep no record of the job; it cannot be resumed'),
    'print one JSON document with all jobs and their texts',
  )
    .addHelpText('after', EXAMPLE)
    .action(async (files: string[], flags: Flags) => finish(await transcribe(shell, files, flags)));
}

async function transcribe(shell: Shell, files: string[], flags: Flags): Promise<number> {
  const [{ resolve }, { requireFile }, { destination }, { Results, sayHowToResume }, { seeThrough }] =
    await Promise.all([
      import('node:path'),
      import('../../jobs/submit.ts'),
      import('../transcript-files.ts'),
      import('../results.ts'),
      import('../work.ts'),
    ]);
  const to = destination(flags.format, flags.output);
  const config = await shell.config({
    engine: flags.engine,
    model: flags.model,
    language: flags.language,
    processes: flags.processes,
    workers: flags.workers,
    chunkDurationSeconds: flags.chunkDuration,
    overlapSeconds: flags.overlap,
  });
  const paths = files.map((file) => resolve(file));
  for (const path of paths) await requireFile(path);
  const untracked = flags.untracked || !config.tracking;
  const results = new Results(to, flags.json ?? false);
  const tasks = paths.map((path) => ({
    async begin(api: import('../../api/client.ts').ApiClient) {
      const wish = submissionOf(path, { ...config, model: await modelAsGiven(config.model) });
      const job = await api.post<Submitted>('/api/jobs', wish);
      say(`${untracked ? 'Untracked' : `Job ${job.id}`}: ${shown(job.filename)} (${job.engine}, model ${job.model})`);
      return job.id;
    },
  }));
  const run = (used: typeof config) =>
    seeThrough(shell, used, tasks, {
      onResult: (job, api) => results.add(job, api),
      onStopped: (ids) => (untracked ? say('Stopped. Nothing was kept.') : sayHowToResume(ids)),
    });
  const code = untracked
    ? await (await import('../untracked.ts')).inPassingFolder(shell, config, run)
    : await run(config);
  results.end();
  return code;
}

/** A model may be named by a file of the user's; the owner stands in another folder. */
async function modelAsGiven(model: string): Promise<string> {
  const { resolve, sep } = await import('node:path');
  return model.includes(sep) || model.endsWith('.bin') ? resolve(model) : model;
}

function numberOf(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}
