import type { Command } from 'commander';
import { systemClock } from '../../domain/clock.ts';
import { UsageError } from '../../domain/errors.ts';
import type { Moved } from '../../jobs/priority.ts';
import type { QueuePaused, QueueResumed } from '../../jobs/queue.ts';
import type { QueueView } from '../../jobs/queue-view.ts';
import { jobIdOf, rangesOf } from '../arguments.ts';
import { asTyped, count, print, printJson, say, shown } from '../output.ts';
import type { Shell } from '../shell.ts';

interface Flags {
  json?: boolean;
}

interface PauseFlags extends Flags {
  reason?: string;
  running?: boolean;
}

interface MoveFlags extends Flags {
  before?: string;
  first?: boolean;
  last?: boolean;
}

const MAX_SHOWN = 10_000;

export function defineQueue(program: Command, shell: Shell, finish: (code: number) => void): void {
  const queue = program
    .command('queue')
    .description('tell what runs, what waits, and when each will be done')
    // So that the options of the commands below are theirs.
    .enablePositionalOptions()
    .option('--limit <n>', 'show at most this many that wait', '50')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  longhand queue\n  longhand queue pause --running\n  longhand queue move 12 --before 9',
    )
    .action((flags: Flags & { limit: string }) => show(shell, flags));
  queue
    .command('pause')
    .description('let no job start until the queue is resumed; running ones finish')
    .option('--reason <text>', 'why, for whoever wonders')
    .option('--running', 'pause also what runs, at its checkpoint; it goes on with the queue')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      "\nThe pause outlives a restart.\n\nExample:\n  longhand queue pause --running --reason 'The computer is needed'",
    )
    .action((flags: PauseFlags) => pause(shell, flags));
  queue
    .command('resume')
    .description('let jobs start again')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nJobs that were paused one by one stay paused.\n\nExample:\n  longhand queue resume')
    .action((flags: Flags) => resume(shell, flags));
  queue
    .command('move')
    .description('give a waiting job another place')
    .argument('<id>', 'number of the job')
    .option('--before <id>', 'right before this one, with its priority')
    .option('--first', 'to the head of the queue')
    .option('--last', 'to its end')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExit code: 0 it stands there, 1 one of the two does not wait.\n\nExamples:\n  longhand queue move 12 --before 9\n  longhand queue move 12 --first',
    )
    .action(async (id: string, flags: MoveFlags) => finish(await move(shell, jobIdOf(id), flags)));
}

async function show(shell: Shell, { limit, json }: Flags & { limit: string }): Promise<void> {
  if (!/^\d+$/.test(limit) || Number(limit) < 1 || Number(limit) > MAX_SHOWN) {
    throw new UsageError(`--limit must be a number from 1 to ${MAX_SHOWN}, not "${limit}".`);
  }
  const [{ lookUp }, { queueText }] = await Promise.all([import('../look-up.ts'), import('../queue-text.ts')]);
  const config = await shell.config();
  const view = await lookUp(shell, config, (api) => api.get<QueueView>(`/api/queue?limit=${limit}`));
  if (json) return printJson(view);
  print(asTyped(queueText(view, config.timeZone, new Date(systemClock.now()))));
}

async function pause(shell: Shell, { reason, running, json }: PauseFlags): Promise<void> {
  const { ask } = await import('../session.ts');
  const wish = { ...(reason === undefined ? {} : { reason }), ...(running ? { running } : {}) };
  const done = await ask(shell, await shell.config(), (api) => api.post<QueuePaused>('/api/queue/pause', wish));
  if (json) return printJson(done);
  const why = done.reason ? ` (${shown(done.reason)})` : '';
  const goOn = asTyped('Go on with: longhand queue resume');
  print(done.changed ? `The queue is paused${why}. ${goOn}` : `The queue is paused already${why}. ${goOn}`);
  if (done.running.length === 0) return;
  const one = done.running.length === 1;
  const those = `${one ? 'Job' : 'Jobs'} ${rangesOf(done.running)}`;
  if (done.stopping) {
    print(`${those} ${one ? 'rests' : 'rest'} after the chunk in flight and ${one ? 'goes' : 'go'} on with the queue.`);
    return;
  }
  print(
    `${those} ${one ? 'goes' : 'go'} on to the end. ${asTyped('To pause that, too: longhand queue pause --running')}`,
  );
}

async function resume(shell: Shell, { json }: Flags): Promise<void> {
  const { ask } = await import('../session.ts');
  const { done, view } = await ask(shell, await shell.config(), async (api) => ({
    done: await api.post<QueueResumed>('/api/queue/resume'),
    view: await api.get<QueueView>('/api/queue?limit=1'),
  }));
  if (json) return printJson(done);
  const waiting = view.total === 0 ? 'Nothing waits.' : `${count(view.total, 'job')} waiting.`;
  print(done.changed ? `The queue goes on. ${waiting}` : 'The queue was not paused.');
  if (done.before?.by === 'disk') {
    say('It had paused itself because the disk was full, and does so again while there is no space.');
  }
}

async function move(shell: Shell, id: number, flags: MoveFlags): Promise<number> {
  const target = targetOf(flags);
  const { controlJobs } = await import('../control.ts');
  return await controlJobs<Moved>(shell, {
    ids: [id],
    json: flags.json ?? false,
    request: (api) => api.post(`/api/jobs/${id}/move`, target),
    sentence: movedSentence,
  });
}

/** @throws UsageError */
function targetOf({ before, first, last }: MoveFlags): { before: number } | { to: 'first' | 'last' } {
  const wishes = [before, first, last].filter((wish) => wish !== undefined);
  if (wishes.length !== 1) {
    throw new UsageError('Where shall it stand?', 'One of: --before ID, --first, --last.');
  }
  return before === undefined ? { to: first ? 'first' : 'last' } : { before: jobIdOf(before) };
}

function movedSentence({ id, from, to }: Moved): string {
  if (from.position === to.position && from.priority === to.priority) {
    return `Job ${id} stands there already: number ${to.position} in the queue.`;
  }
  const took = from.priority === to.priority ? '' : `, with priority ${to.priority} instead of ${from.priority}`;
  return `Job ${id} is number ${to.position} in the queue now, before ${from.position}${took}.`;
}
