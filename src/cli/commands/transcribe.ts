import type { Command } from 'commander';
import type { Config } from '../../config/schema.ts';
import { UsageError } from '../../domain/errors.ts';
import type { Input } from '../../jobs/inputs.ts';
import { modelAsGiven, submissionOf } from '../../jobs/submission.ts';
import { type EngineFlags, engineSettingsOf, withEngineOptions } from '../engine-options.ts';
import { say } from '../output.ts';
import type { Shell } from '../shell.ts';
import type { Begun } from '../task.ts';
import { type TextFlags, withTextOptions } from '../text-options.ts';

interface Flags extends EngineFlags, TextFlags {
  untracked?: boolean;
  recursive?: boolean;
  list?: string[];
  again?: boolean;
}

const EXAMPLE = `
A recording that was transcribed before, whatever it is called, is not transcribed again: its text is given out.
Text goes to standard output, or into DIR; everything else to standard error.
Exit code: 0 all done, 1 a job failed, 2 wrong usage, 130 interrupted.

Examples:
  longhand transcribe interview.m4a
  longhand transcribe lecture.mp4 --format srt --format txt --output texts
  longhand transcribe hearing.wav --engine whisper --model small --language th
  longhand transcribe talks --recursive --output texts
  longhand transcribe 'talks/**/*.mp3' --output texts
  find . -name '*.m4a' -newer last-time | longhand transcribe --list - --output texts`;

export function defineTranscribe(program: Command, shell: Shell, finish: (code: number) => void): void {
  withEngineOptions(
    withTextOptions(
      program
        .command('transcribe')
        .description('turn recordings into text; each becomes a job that can be resumed')
        .argument(
          '[file...]',
          "recordings: any audio or video that ffmpeg reads; folders; patterns in quotes: 'talks/*.mp3'",
        )
        .option('-r, --recursive', 'folders with all that is below them')
        .option(
          '--list <file>',
          'a file with one of these a line, # comments; - reads standard input; may be repeated',
          (value, before: string[] = []) => [...before, value],
        )
        .option('--again', 'transcribe also what was transcribed before')
        .option('--untracked', 'keep no record of the job; it cannot be resumed'),
      'print one JSON document with all jobs and their texts',
    ),
  )
    .addHelpText('after', EXAMPLE)
    .action(async (files: string[], flags: Flags) => finish(await transcribe(shell, files, flags)));
}

async function transcribe(shell: Shell, files: string[], flags: Flags): Promise<number> {
  const { destination } = await import('../transcript-files.ts');
  const to = destination(flags.format, flags.output);
  const config = await shell.config(engineSettingsOf(flags));
  const { recordings, skipped } = await inputsOf(files, flags, config);
  const { Results, sayHowToResume } = await import('../results.ts');
  const { BatchSummary, saySkipped } = await import('../batch-summary.ts');
  const { handIn } = await import('../hand-in.ts');
  const { seeThrough } = await import('../work.ts');
  saySkipped(skipped);
  const untracked = flags.untracked || !config.tracking;
  const wish = { ...config, model: modelAsGiven(config.model) };
  const tasks = recordings.map(
    ({ path, name }) =>
      new Recording(path, name, (api) =>
        handIn(api, { ...submissionOf(path, wish), again: flags.again }, (id) =>
          untracked ? 'Untracked' : `Job ${id}`,
        ),
      ),
  );
  const results = new Results(to, flags.json ?? false);
  const summary = new BatchSummary();
  const run = (used: Config) =>
    seeThrough(shell, used, tasks, {
      inOrder: to.folder === undefined,
      onResult: async (job, api, { name, known }) => {
        await results.add(job, api, name);
        summary.add(job, known);
      },
      onRefused: (error, { path }) => {
        results.refuse(error, path);
        summary.refuse(error, path);
      },
      onStopped: (ids, rest) => (untracked ? say('Stopped. Nothing was kept.') : sayHowToResume(ids, rest)),
    });
  const code = untracked
    ? await (await import('../untracked.ts')).inPassingFolder(shell, config, run)
    : await run(config);
  results.end();
  if (tasks.length > 1) summary.say(tasks.length, to.folder);
  return code;
}

type HandIn = (api: import('../../api/client.ts').ApiClient) => Promise<Begun>;

/** One of the files, from being handed in to its text. */
class Recording implements Input {
  readonly path: string;
  readonly name: string;
  readonly #handIn: HandIn;
  /** Its text was there before. */
  known = false;

  constructor(path: string, name: string, handIn: HandIn) {
    this.path = path;
    this.name = name;
    this.#handIn = handIn;
  }

  async begin(api: import('../../api/client.ts').ApiClient): Promise<Begun> {
    const begun = await this.#handIn(api);
    this.known = begun.known ?? false;
    return begun;
  }
}

async function inputsOf(files: string[], { list = [], recursive = false }: Flags, { dataDir, cacheDir }: Config) {
  const [{ findInputs }, { text }] = await Promise.all([
    import('../../jobs/inputs.ts'),
    import('node:stream/consumers'),
  ]);
  if (files.length + list.length === 0) {
    throw new UsageError(
      'There is nothing to transcribe.',
      'Name a recording, a folder or a list: longhand transcribe interview.m4a',
    );
  }
  return await findInputs({
    inputs: files,
    lists: list,
    recursive,
    except: [dataDir, cacheDir],
    cwd: process.cwd(),
    readStandardInput: () => text(process.stdin),
  });
}
