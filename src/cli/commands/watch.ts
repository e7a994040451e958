import type { Command } from 'commander';
import { UsageError } from '../../domain/errors.ts';
import { type EngineFlags, engineSettingsOf, numberOf, withEngineOptions } from '../engine-options.ts';
import { count, say, shown } from '../output.ts';
import type { Shell } from '../shell.ts';

interface Flags extends EngineFlags {
  recursive?: boolean;
  settle: number;
  poll: number;
  format?: string[];
  output?: string;
  json?: boolean;
}

const EXAMPLE = `
It stays until Ctrl-C or SIGTERM, works on all jobs that wait, and needs no terminal. Started again, it goes on where it was:
no file becomes a job twice. A file is taken when it has stopped growing and nobody has it open for writing.

Examples:
  longhand watch ~/recordings --output ~/texts
  longhand watch /srv/inbox /mnt/share --recursive --settle 30 --format srt --format txt --output /srv/texts`;

export function defineWatch(program: Command, shell: Shell, finish: (code: number) => void): void {
  withEngineOptions(
    program
      .command('watch')
      .description('turn each new recording in a folder into a job, and stay')
      .argument('<dir...>', 'folders; what is in them already is taken too, unless it was before')
      .option('-r, --recursive', 'the folders with all that is below them')
      .option('--settle <seconds>', 'how long a file must stay as it is', numberOf, 10)
      .option(
        '--poll <seconds>',
        'how often the folders are looked at where the system does not tell of changes',
        numberOf,
        5,
      )
      .option('--format <name>', 'txt, srt, vtt, json or docx; may be repeated', (value, before: string[] = []) => [
        ...before,
        value,
      ])
      .option('--output <dir>', 'write the texts into DIR, under the names that the recordings have in their folder')
      .option('--json', 'print a line of JSON for each job that has ended'),
  )
    .addHelpText('after', EXAMPLE)
    .action(async (folders: string[], flags: Flags) => finish(await watch(shell, folders, flags)));
}

async function watch(shell: Shell, given: string[], flags: Flags): Promise<number> {
  const [{ stat }, { resolve }, { destination }, { keepWatching }] = await Promise.all([
    import('node:fs/promises'),
    import('node:path'),
    import('../transcript-files.ts'),
    import('../watching.ts'),
  ]);
  const config = await shell.config(engineSettingsOf(flags));
  if (!config.tracking) {
    throw new UsageError(
      'Tracking is switched off (LONGHAND_PROCESS_TRACKING), so nothing can be remembered of a folder.',
    );
  }
  if (flags.settle < 0) throw new UsageError('--settle must be 0 or more.');
  if (flags.poll <= 0) throw new UsageError('--poll must be above 0.');
  const to = destination(flags.format, flags.output === undefined ? undefined : resolve(flags.output));
  if (flags.format && to.folder === undefined) {
    throw new UsageError('--format is for texts that are written.', 'Name a folder for them: --output DIR');
  }
  const folders = [...new Set(given.map((folder) => resolve(folder)))];
  for (const folder of folders) {
    const facts = await stat(folder).catch((error: NodeJS.ErrnoException) => {
      throw new UsageError(`The folder "${folder}" cannot be watched (${error.code}).`, 'Make it first.');
    });
    if (!facts.isDirectory()) throw new UsageError(`"${folder}" is not a folder.`, 'Use: longhand transcribe');
  }
  say(`Watching ${count(folders.length, 'folder')}: ${folders.map(shown).join(', ')}`);
  const { recursive = false, json = false, settle, poll } = flags;
  return await keepWatching(shell, config, {
    folders,
    recursive,
    settleMs: settle * 1000,
    pollMs: poll * 1000,
    to,
    json,
  });
}
