import type { Command } from 'commander';
import type { ServiceFacts } from '../../api/service.ts';
import { systemClock } from '../../domain/clock.ts';
import { duration } from '../../domain/duration.ts';
import type { Found } from '../../service/find.ts';
import { asTyped, byteSize, count, print, printJson } from '../output.ts';
import { EXIT, type Shell } from '../shell.ts';

interface Flags {
  json?: boolean;
}

/** What `--json` prints. */
export interface Status {
  /** Whether the service runs, in the background or not; false also while another command works with the folder. */
  running: boolean;
  /** Somebody holds the data folder and does not answer. */
  silent: boolean;
  /** Who works with the data folder. */
  owner: (ServiceFacts & { uptimeSeconds: number }) | null;
}

export function defineStatus(program: Command, shell: Shell, finish: (code: number) => void): void {
  program
    .command('status')
    .description('tell whether the service runs, where, and what it does')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExit code: 0 the service runs, 3 it does not, 4 somebody holds the data folder and does not answer.\n\nExample:\n  longhand status --json',
    )
    .action(async (flags: Flags) => finish(await status(shell, flags)));
}

async function status(shell: Shell, { json }: Flags): Promise<number> {
  const { findOwner, isService } = await import('../../service/find.ts');
  const found = await findOwner((await shell.config()).dataDir);
  const runs = found.state === 'answers' && isService(found.facts);
  if (json) printJson(statusOf(found, runs));
  else print(asTyped(await textOf(found)));
  if (found.state === 'silent') return EXIT.unknown;
  return runs ? EXIT.done : EXIT.notRunning;
}

function statusOf(found: Found, running: boolean): Status {
  const owner = found.state === 'answers' ? { ...found.facts, uptimeSeconds: uptimeOf(found.facts) } : null;
  return { running, silent: found.state === 'silent', owner };
}

async function textOf(found: Found): Promise<string> {
  if (found.state === 'nobody') return 'Longhand does not run. Start it with: longhand start';
  if (found.state === 'silent') {
    const who = found.process ? ` (process ${found.process.pid})` : '';
    return `A process${who} holds the data folder and does not answer. It starts, ends, or was stopped with Ctrl-Z.`;
  }
  const { isService, nameOf } = await import('../../service/find.ts');
  const { facts } = found;
  const { jobs, memoryBytes, process, since, stopping, version } = facts;
  const work = `${count(jobs.running, 'job')} in work, ${jobs.waiting} waiting`;
  if (!isService(facts)) {
    return `The service does not run. ${nameOf(facts)} works with the data folder, for ${duration(uptimeOf(facts))}: ${work}.`;
  }
  return [
    stopping
      ? 'Longhand is stopping: its jobs rest at their checkpoints.'
      : `Longhand ${version} runs at ${facts.address}`,
    `  process ${process.pid}, for ${duration(uptimeOf(facts))} (since ${since}), ${byteSize(memoryBytes)} of memory`,
    `  ${work}`,
  ].join('\n');
}

function uptimeOf({ since }: ServiceFacts): number {
  return Math.max(0, Math.round((systemClock.now() - Date.parse(since)) / 1000));
}
