import type { Command } from 'commander';
import type { VersionView } from '../../jobs/transcript-versions.ts';
import { jobIdOf } from '../arguments.ts';
import { count, print, printJson, shown, table } from '../output.ts';
import type { Shell } from '../shell.ts';

const EXAMPLE = `
Version 1 is what the engine heard. Each change by a person makes the next one, and so does transcribing again. The last one
is what is exported and searched.

Examples:
  longhand versions 12
  longhand export 12 --version-number 1`;

export function defineVersions(program: Command, shell: Shell): void {
  program
    .command('versions')
    .description('list the versions of the text of a job: by whom, when, how much was changed')
    .argument('<id>', 'number of the job')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLE)
    .action((id: string, flags: { json?: boolean }) => list(shell, jobIdOf(id), flags.json ?? false));
}

async function list(shell: Shell, id: number, json: boolean): Promise<void> {
  const { ask } = await import('../session.ts');
  const answer = await ask(shell, await shell.config(), (api) =>
    api.get<{ versions: VersionView[] }>(`/api/jobs/${id}/transcript/versions`),
  );
  if (json) return printJson({ id, ...answer });
  print(table([['VERSION', 'CREATED', 'CHANGED', 'BY'], ...answer.versions.map(row)]));
}

function row({ number, createdAt, author, segmentsChanged, restored, note }: VersionView): string[] {
  const changed = segmentsChanged === null ? '-' : count(segmentsChanged, 'passage');
  const why = [restored === null ? '' : `as version ${restored}`, note ?? ''].filter(Boolean).map(shown).join(', ');
  return [
    String(number),
    createdAt.slice(0, 16).replace('T', ' '),
    changed,
    `${shown(author)}${why ? ` (${why})` : ''}`,
  ];
}
