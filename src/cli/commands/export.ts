import type { Command } from 'commander';
import type { JobView } from '../../jobs/view.ts';
import { jobIdOf } from '../arguments.ts';
import { print, printJson, say, shown } from '../output.ts';
import type { Shell } from '../shell.ts';
import { type TextFlags, withTextOptions } from '../text-options.ts';

const EXAMPLE = `
Example:
  longhand export 12 --format srt > interview.srt`;

export function defineExport(program: Command, shell: Shell): void {
  withTextOptions(
    program.command('export').description('print the text of a finished job').argument('<id>', 'number of the job'),
    'print JSON: the transcript, or the names of the files',
  )
    .addHelpText('after', EXAMPLE)
    .action((id: string, flags: TextFlags) => exportText(shell, jobIdOf(id), flags));
}

async function exportText(shell: Shell, id: number, flags: TextFlags): Promise<void> {
  const [{ lookUp }, { destination, textOf, writeTexts }] = await Promise.all([
    import('../look-up.ts'),
    import('../transcript-files.ts'),
  ]);
  const to = destination(flags.format ?? (flags.json && !flags.output ? ['json'] : undefined), flags.output);
  await lookUp(shell, await shell.config(), async (api) => {
    const [format = 'txt'] = to.formats;
    if (to.folder === undefined) {
      const text = await textOf(api, id, format);
      return flags.json && format !== 'json' ? printJson({ id, format, text }) : print(text);
    }
    const files = await writeTexts(api, await api.get<JobView>(`/api/jobs/${id}`), to, new Set());
    if (flags.json) return printJson({ id, files });
    for (const file of files) say(`Wrote ${shown(file)}`);
  });
}
