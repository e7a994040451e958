import type { Command } from 'commander';
import type { ApiClient } from '../../api/client.ts';
import { UsageError } from '../../domain/errors.ts';
import { SCOPES, type Scope } from '../../domain/scope.ts';
import type { KeyView } from '../../jobs/keys.ts';
import { print, printJson, say, shown, table } from '../output.ts';
import type { Shell } from '../shell.ts';

const EXAMPLE = `
A program sends its key with every request: Authorization: Bearer lh_…
Scopes: read looks, write hands in and controls jobs, admin does everything.

Example:
  longhand keys add backup --scope read`;

interface Flags {
  json?: boolean;
}

interface AddFlags extends Flags {
  scope: string;
  user?: string;
}

export function defineKeys(program: Command, shell: Shell): void {
  const keys = program
    .command('keys')
    .description('keys for programs that use the service')
    .addHelpText('after', EXAMPLE);
  keys
    .command('list', { isDefault: true })
    .description('which there are, and when each was used last')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  longhand keys list')
    .action((flags: Flags) => list(shell, flags));
  keys
    .command('add')
    .description('make a key and print it, this once')
    .argument('<name>', 'what it is for: letters, digits and . _ @ -')
    .option('--scope <scope>', 'read, write or admin', 'write')
    .option('--user <name>', "it sees and makes this user's jobs; without it, it sees all")
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  longhand keys add backup --scope read\n  longhand keys add phone --user anna')
    .action((name: string, flags: AddFlags) => add(shell, name, flags));
  keys
    .command('revoke')
    .description('end a key, at once')
    .argument('<name>', 'from longhand keys list')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  longhand keys revoke backup')
    .action((name: string, flags: Flags) => revoke(shell, name, flags));
}

async function list(shell: Shell, { json }: Flags): Promise<void> {
  const { lookUp } = await import('../look-up.ts');
  const { keys } = await lookUp(shell, await shell.config(), (api) => api.get<{ keys: KeyView[] }>('/api/keys'));
  if (json) return printJson({ keys });
  if (keys.length === 0) return say('There are no keys.');
  print(
    table([
      ['NAME', 'SCOPE', 'USER', 'SINCE', 'LAST USED'],
      ...keys.map(({ name, scope, user, createdAt, lastUsedAt }) => [
        shown(name),
        scope,
        user === null ? '-' : shown(user),
        createdAt.slice(0, 10),
        lastUsedAt?.slice(0, 16).replace('T', ' ') ?? 'never',
      ]),
    ]),
  );
}

async function add(shell: Shell, name: string, { scope, user, json }: AddFlags): Promise<void> {
  if (!isScope(scope)) throw new UsageError(`"${scope}" is no scope.`, `A scope is one of ${SCOPES.join(', ')}.`);
  const body = { name, scope, ...(user === undefined ? {} : { user }) };
  const made = await asked(shell, (api) => api.post<{ name: string; key: string }>('/api/keys', body));
  if (json) return printJson(made);
  print(made.key);
  say('Keep it now: it cannot be shown again.');
}

async function revoke(shell: Shell, name: string, { json }: Flags): Promise<void> {
  const done = await asked(shell, (api) => api.delete<{ name: string }>(`/api/keys/${encodeURIComponent(name)}`));
  if (json) return printJson(done);
  print(`The key ${shown(done.name)} is revoked.`);
}

function isScope(text: string): text is Scope {
  return (SCOPES as readonly string[]).includes(text);
}

async function asked<T>(shell: Shell, question: (api: ApiClient) => Promise<T>): Promise<T> {
  const { ask } = await import('../session.ts');
  return await ask(shell, await shell.config(), question);
}
