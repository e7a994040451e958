import type { Command } from 'commander';
import { UsageError } from '../../domain/errors.ts';
import { NOTIFICATION_EVENTS, type NotificationEvent } from '../../domain/notification.ts';
import type { DeliveryView, TargetView } from '../../jobs/notifications.ts';
import { asTyped, print, printJson, say, shown, table } from '../output.ts';
import { EXIT, type Shell } from '../shell.ts';

interface Flags {
  json?: boolean;
}

interface AddFlags extends Flags {
  on: string;
  secretFile?: string;
}

/** 256 bits, as long as what the signature is made with (RFC 2104, 3). */
const SECRET_BYTES = 32;
const MAX_LIMIT = 1000;

const ADD_HELP = `
Events: completed, failed, queue-empty. A webhook is signed with a secret, which is shown once, here.

Examples:
  longhand notify add https://example.org/hooks/longhand
  longhand notify add me@example.org --on failed,queue-empty`;

/** Who is told when a job ends: list, add, remove, test, and the log of it. */
export function defineNotify(program: Command, shell: Shell, finish: (code: number) => void): void {
  const notify = program
    .command('notify')
    .description('tell others when a job is completed or has failed: list, add, remove, test')
    .addHelpText('after', '\nExample:\n  longhand notify add me@example.org');
  notify
    .command('list')
    .description('list who is told, and of what')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  longhand notify list')
    .action((flags: Flags) => list(shell, flags));
  notify
    .command('add')
    .description('tell a web address or an e-mail address of the ends of jobs')
    .argument('<address>', 'https://… or name@example.org')
    .option('--on <events>', 'of what, with commas', 'completed,failed')
    .option('--secret-file <file>', 'sign with what stands in this file instead of a new secret')
    .option('--json', 'print JSON')
    .addHelpText('after', ADD_HELP)
    .action((address: string, flags: AddFlags) => add(shell, address, flags));
  notify
    .command('remove')
    .description('tell an address nothing more')
    .argument('<id>', 'its number in longhand notify list')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  longhand notify remove 3')
    .action((id: string, flags: Flags) => remove(shell, targetIdOf(id), flags));
  notify
    .command('test')
    .description('send something to an address now, and say how it went')
    .argument('<id>', 'its number in longhand notify list')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit code: 0 it was taken, 1 it was not.\n\nExample:\n  longhand notify test 3')
    .action(async (id: string, flags: Flags) => finish(await test(shell, targetIdOf(id), flags)));
  notify
    .command('log')
    .description('list what was told, the newest first')
    .option('--limit <n>', 'at most this many', '50')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nTimes are UTC. What is over is kept for 30 days.\n\nExample:\n  longhand notify log')
    .action((flags: Flags & { limit: string }) => log(shell, flags));
}

async function list(shell: Shell, { json }: Flags): Promise<void> {
  const { lookUp } = await import('../look-up.ts');
  const found = await lookUp(shell, await shell.config(), (api) =>
    api.get<{ targets: TargetView[] }>('/api/notifications/targets'),
  );
  if (json) return printJson(found);
  if (found.targets.length === 0) return say(asTyped('Nobody is told. Begin with: longhand notify add ADDRESS'));
  print(table([['ID', 'TOLD OF', 'ADDRESS'], ...found.targets.map(targetRow)]));
}

function targetRow({ id, address, events, enabled, origin }: TargetView): string[] {
  const from = origin === 'settings' ? ' (LONGHAND_MAIL_TO)' : '';
  return [String(id), enabled ? events.map(typed).join(', ') : 'nothing', `${shown(address)}${from}`];
}

async function add(shell: Shell, address: string, { on, secretFile, json }: AddFlags): Promise<void> {
  const isMail = !/^\w+:\/\//.test(address) && address.includes('@');
  if (isMail && secretFile !== undefined) throw new UsageError('An e-mail is not signed.', 'Leave out --secret-file.');
  const secret = isMail ? undefined : await secretFrom(secretFile);
  const target = { kind: isMail ? 'email' : 'webhook', address, events: eventsOf(on), ...(secret ? { secret } : {}) };
  const { ask } = await import('../session.ts');
  const added = await ask(shell, await shell.config(), (api) =>
    api.post<TargetView>('/api/notifications/targets', target),
  );
  const isNew = secret !== undefined && secretFile === undefined;
  if (json) return printJson({ ...added, ...(isNew ? { secret } : {}) });
  print(`${shown(address)} is told of: ${added.events.map(typed).join(', ')}. It is target ${added.id}.`);
  if (isNew) print(`Secret to verify the signature with, shown only now: ${secret}`);
  say(asTyped(`Try it: longhand notify test ${added.id}`));
}

async function secretFrom(file: string | undefined): Promise<string> {
  if (file === undefined) return (await import('node:crypto')).randomBytes(SECRET_BYTES).toString('base64url');
  const { readFile } = await import('node:fs/promises');
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`The file "${file}" cannot be read (${error.code}).`, 'Check its name and permissions.');
  });
  return text.trim();
}

/** @throws UsageError */
function eventsOf(text: string): NotificationEvent[] {
  return text.split(',').map((word) => {
    const event = NOTIFICATION_EVENTS.find((known) => typed(known) === word.trim());
    if (event) return event;
    throw new UsageError(
      `There is no event "${word.trim()}".`,
      `Events: ${NOTIFICATION_EVENTS.map(typed).join(', ')}.`,
    );
  });
}

function typed(event: string): string {
  return event.replace('_', '-');
}

async function remove(shell: Shell, id: number, { json }: Flags): Promise<void> {
  const { ask } = await import('../session.ts');
  const removed = await ask(shell, await shell.config(), (api) =>
    api.delete<TargetView>(`/api/notifications/targets/${id}`),
  );
  if (json) return printJson(removed);
  print(`${shown(removed.address)} is told nothing more.`);
}

async function test(shell: Shell, id: number, { json }: Flags): Promise<number> {
  const { ask } = await import('../session.ts');
  const delivery = await ask(shell, await shell.config(), (api) =>
    api.post<DeliveryView>(`/api/notifications/targets/${id}/test`),
  );
  const taken = delivery.status === 'delivered';
  if (json) printJson(delivery);
  else if (taken) print(`${shown(delivery.address)} has taken it.`);
  else say(`${shown(delivery.address)} was not told. ${shown(delivery.error ?? '')}`);
  return taken ? EXIT.done : EXIT.failed;
}

async function log(shell: Shell, { limit, json }: Flags & { limit: string }): Promise<void> {
  if (!/^\d+$/.test(limit) || Number(limit) < 1 || Number(limit) > MAX_LIMIT) {
    throw new UsageError(`--limit must be a number from 1 to ${MAX_LIMIT}, not "${limit}".`);
  }
  const { lookUp } = await import('../look-up.ts');
  const found = await lookUp(shell, await shell.config(), (api) =>
    api.get<{ deliveries: DeliveryView[] }>(`/api/notifications/deliveries?limit=${limit}`),
  );
  if (json) return printJson(found);
  if (found.deliveries.length === 0) return say('Nobody was told anything yet.');
  print(table([['CREATED', 'EVENT', 'JOB', 'STATUS', 'TRIES', 'ADDRESS'], ...found.deliveries.map(deliveryRow)]));
}

function deliveryRow({ createdAt, event, job, status, tries, address, error }: DeliveryView): string[] {
  const why = error ? `: ${shown(error)}` : '';
  const at = createdAt.slice(0, 19).replace('T', ' ');
  return [at, typed(event), job === null ? '-' : String(job), status, String(tries), `${shown(address)}${why}`];
}

/** @throws UsageError */
function targetIdOf(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new UsageError(`"${text}" is not the number of a target.`, 'See: longhand notify list');
}
