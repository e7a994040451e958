import type { Command } from 'commander';
import type { JobView } from '../../jobs/view.ts';
import { jobIdOf, versionNumberOf } from '../arguments.ts';
import { print, printJson, say, shown } from '../output.ts';
import type { Shell } from '../shell.ts';
import { type TextFlags, withTextOptions } from '../text-options.ts';

const EXAMPLE = `
Examples:
  longhand export 12 --format srt > interview.srt
  longhand export 12 --format docx --output texts
  longhand export 12 --version-number 1`;

interface Flags extends TextFlags {
  versionNumber?: string;
}

export function defineExport(program: Command, shell: Shell): void {
  withTextOptions(
    program.command('export').description('print the text of a finished job').argument('<id>', 'number of the job'),
    'print JSON: the transcript, or the names of the files',
  )
    .option('--version-number <n>', 'an older version of the text (see: longhand versions)')
    .addHelpText('after', EXAMPLE)
    .action((id: string, flags: Flags) => exportText(shell, jobIdOf(id), flags));
}

async function exportText(shell: Shell, id: number, flags: Flags): Promise<void> {
  const version = flags.versionNumber === undefined ? undefined : versionNumberOf(flags.versionNumber);
  const [{ ask }, { destination, textOf, writeTexts }] = await Promise.all([
    import('../session.ts'),
    import('../transcript-files.ts'),
  ]);
  const to = destination(flags.format ?? (flags.json && !flags.output ? ['json'] : undefined), flags.output);
  await ask(shell, await shell.config(), async (api) => {
    const [format = 'txt'] = to.formats;
    if (to.folder === undefined) {
      const text = await textOf(api, id, format, version);
      return flags.json && format !== 'json' ? printJson({ id, format, text }) : print(text);
    }
    const files = await writeTexts(api, await api.get<JobView>(`/api/jobs/${id}`), to, new Set(), { version });
    if (flags.json) return printJson({ id, files });
    for (const file of files) say(`Wrote ${shown(file)}`);
  });
}
