import type { Command } from 'commander';
import { OwnerGoneError } from '../../api/client.ts';
import type { ApiContext } from '../../api/context.ts';
import type { Config } from '../../config/schema.ts';
import type { Recovery } from '../../session/owner-process.ts';
import { byteSize, count, print, printJson, say } from '../output.ts';
import { EXIT, type Shell } from '../shell.ts';

type RoundReport = Awaited<ReturnType<ApiContext['cleanup']>>;

/** What was found and done, also by becoming the owner. */
interface CleanedUp extends Omit<RoundReport, 'recovered'> {
  recovered: Recovery[];
}

const EXAMPLE = `
Longhand does this by itself while it works. Transcripts and what a job needs to be resumed are never removed.
Exit code: 0, or 1 when a process could not be ended.

Example:
  longhand cleanup`;

export function defineCleanup(program: Command, shell: Shell, finish: (code: number) => void): void {
  program
    .command('cleanup')
    .description('end processes that nobody watches over, remove old logs and left-over files')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLE)
    .action(async ({ json }: { json?: boolean }) => {
      const done = await cleanUp(shell, await shell.config());
      finish(done.survivors.length > 0 ? EXIT.failed : EXIT.done);
      if (json) return printJson(done);
      const sentences = sentencesOf(done);
      print((sentences.length > 0 ? sentences : ['Nothing to clean up.']).join('\n'));
      for (const survivor of done.survivors) say(`longhand: Could not be ended: ${survivor}.`);
    });
}

async function cleanUp(shell: Shell, config: Config): Promise<CleanedUp> {
  const { openSession } = await import('../../session/session.ts');
  const recovered: Recovery[] = [];
  for (;;) {
    const { startOwner } = shell;
    // Whoever becomes the owner ends at once what a dead one had left.
    const onRecovered = (left: Recovery[]) => recovered.push(...left);
    const session = await openSession(config, { startOwner, acceptsJobs: false, onRecovered });
    try {
      const report = await session.api.post<RoundReport>('/api/cleanup');
      return { ...report, recovered: [...recovered, ...report.recovered] };
    } catch (error) {
      // It ended before it had answered: the next one, or this process, does it.
      if (!(error instanceof OwnerGoneError)) throw error;
    } finally {
      await session.close();
    }
  }
}

function sentencesOf({ recovered, strays, cleaned: { logs, jobs, uploads } }: CleanedUp): string[] {
  return [
    ...recovered.map(
      ({ jobId, killed, status }) =>
        `Nobody watched over job ${jobId}; ${killed.length > 0 ? `ended ${named(killed)}; ` : ''}it is ${status} now.`,
    ),
    ...(strays.length > 0 ? [`Ended what was left of runs that are over: ${named(strays)}.`] : []),
    ...(logs.files > 0 ? [`Removed ${count(logs.files, 'old log file')} (${byteSize(logs.bytes)}).`] : []),
    ...(jobs > 0 ? [`Removed left-over files of ${count(jobs, 'job')}.`] : []),
    ...(uploads > 0 ? [`Removed ${count(uploads, 'upload')} that no job needs.`] : []),
  ];
}

function named(processes: RoundReport['strays']): string {
  return processes.map(({ pid, command }) => `${command} (${pid})`).join(', ');
}
