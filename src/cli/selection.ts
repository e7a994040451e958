/** Which jobs a command is about: numbers, ranges of them, or all in a state. */
import type { Command } from 'commander';
import { UsageError } from '../domain/errors.ts';
import type { JobStatus } from '../domain/job.ts';
import { jobIds, rangesOf } from './arguments.ts';
import { confirm } from './confirm.ts';
import { count, print, printJson, say } from './output.ts';
import type { Shell } from './shell.ts';

export interface SelectionFlags {
  status?: string;
  yes?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

export interface Selection {
  /** As in the sentence 'This would pause 3 jobs'. */
  verb: string;
  /** States of jobs with which it can be done. */
  statuses: readonly JobStatus[];
  /** Asked about even when the jobs are named, with this sentence. */
  warning?: string;
}

/** Adds the argument and the options to a command. */
export function withSelection(command: Command, { verb, statuses }: Selection): Command {
  return command
    .argument('[id...]', 'numbers of jobs, from longhand jobs; 3-7 for several')
    .option('--status <status>', `${verb} all jobs that are ${inWords(statuses)}`)
    .option('--dry-run', `say which jobs it would ${verb}, and do nothing`)
    .option('--yes', 'do not ask');
}

/**
 * The jobs that were meant.
 * @returns undefined when there is nothing to do: none were found, none were wanted, or it was only a question
 * @throws UsageError
 */
export async function selectJobs(
  shell: Shell,
  texts: readonly string[],
  flags: SelectionFlags,
  selection: Selection,
): Promise<number[] | undefined> {
  const { verb, warning } = selection;
  const ids =
    flags.status === undefined ? named(texts, selection) : await ofStatus(shell, texts, flags.status, selection);
  if (flags.dryRun) {
    if (flags.json) printJson({ would: verb, ids });
    else print(ids.length > 0 ? `This would ${verb} ${those(ids)}.` : `There is nothing to ${verb}.`);
    return undefined;
  }
  if (ids.length === 0) {
    if (flags.json) printJson({ jobs: [] });
    else say(`No job is ${flags.status}; there is nothing to ${verb}.`);
    return undefined;
  }
  if (flags.yes || (flags.status === undefined && warning === undefined)) return ids;
  const sentence = `This will ${verb} ${those(ids)}.`;
  if (await confirm(warning ? `${sentence} ${warning}` : sentence)) return ids;
  say('Nothing was done.');
  return undefined;
}

function named(texts: readonly string[], { verb, statuses }: Selection): number[] {
  if (texts.length > 0) return jobIds(texts);
  throw new UsageError(
    `Which jobs to ${verb}? No number was given.`,
    `Name them (see: longhand jobs), or take all with --status ${statuses[0]}.`,
  );
}

async function ofStatus(
  shell: Shell,
  texts: readonly string[],
  status: string,
  { verb, statuses }: Selection,
): Promise<number[]> {
  if (texts.length > 0) throw new UsageError('Either numbers of jobs or --status, not both.', 'Leave one of them out.');
  if (!(statuses as readonly string[]).includes(status)) {
    throw new UsageError(`There is no job to ${verb} with --status ${status}.`, `It takes: ${statuses.join(', ')}.`);
  }
  const { lookUp } = await import('./look-up.ts');
  const path = `/api/job-ids?status=${status}`;
  return (await lookUp(shell, await shell.config(), (api) => api.get<{ ids: number[] }>(path))).ids;
}

function those(ids: readonly number[]): string {
  return `${count(ids.length, 'job')}: ${rangesOf(ids)}`;
}

function inWords(statuses: readonly string[]): string {
  return statuses.length === 1 ? `${statuses[0]}` : `${statuses.slice(0, -1).join(', ')} or ${statuses.at(-1)}`;
}
