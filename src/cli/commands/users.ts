import type { Command } from 'commander';
import type { ApiClient } from '../../api/client.ts';
import type { UserView } from '../../jobs/users.ts';
import { print, printJson, say, shown, table } from '../output.ts';
import type { Shell } from '../shell.ts';

const PASSWORD = `
The password is asked for on the terminal; elsewhere it is the first line of standard input. It has at least 8 characters.`;

const EXAMPLE = `
As soon as there is a user, whoever comes over HTTP must sign in or have a key. Commands on this machine need neither.
The first user is an admin. Admins see and do everything, others only what their own jobs need.

Example:
  longhand users add anna`;

interface Flags {
  json?: boolean;
}

export function defineUsers(program: Command, shell: Shell): void {
  const users = program
    .command('users')
    .description('people who may use the service with a password')
    .addHelpText('after', EXAMPLE);
  users
    .command('list', { isDefault: true })
    .description('who there is')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  longhand users list')
    .action((flags: Flags) => list(shell, flags));
  users
    .command('add')
    .description('let somebody in by a password')
    .argument('<name>', 'letters, digits and . _ @ -')
    .option('--admin', 'may see and do everything')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `${PASSWORD}\n\nExamples:\n  longhand users add anna\n  longhand users add anna < password.txt`,
    )
    .action((name: string, flags: Flags & { admin?: boolean }) => add(shell, name, flags));
  users
    .command('password')
    .description('give somebody another password; browsers that are signed in must sign in again')
    .argument('<name>', 'from longhand users list')
    .option('--json', 'print JSON')
    .addHelpText('after', `${PASSWORD}\n\nExample:\n  longhand users password anna`)
    .action((name: string, flags: Flags) => password(shell, name, flags));
  users
    .command('remove')
    .description('let somebody in no more; the keys go, the jobs stay for admins to see')
    .argument('<name>', 'from longhand users list')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  longhand users remove anna')
    .action((name: string, flags: Flags) => remove(shell, name, flags));
}

async function list(shell: Shell, { json }: Flags): Promise<void> {
  const { lookUp } = await import('../look-up.ts');
  const { users } = await lookUp(shell, await shell.config(), (api) => api.get<{ users: UserView[] }>('/api/users'));
  if (json) return printJson({ users });
  if (users.length === 0) return say('There are no users: the service answers programs on this machine alone.');
  print(
    table([
      ['NAME', 'MAY', 'SINCE'],
      ...users.map(({ name, admin, createdAt }) => [
        shown(name),
        admin ? 'everything' : 'own jobs',
        createdAt.slice(0, 10),
      ]),
    ]),
  );
}

async function add(shell: Shell, name: string, { admin, json }: Flags & { admin?: boolean }): Promise<void> {
  const { newPassword } = await import('../password.ts');
  const body = { name, password: await newPassword(name), admin: admin ?? false };
  const user = await asked(shell, (api) => api.post<UserView>('/api/users', body));
  if (json) return printJson(user);
  print(`${shown(user.name)} may come in now${user.admin ? ', as an admin' : ''}.`);
}

async function password(shell: Shell, name: string, { json }: Flags): Promise<void> {
  const { newPassword } = await import('../password.ts');
  const body = { password: await newPassword(name) };
  const done = await asked(shell, (api) => api.post<{ name: string }>(`${pathOf(name)}/password`, body));
  if (json) return printJson(done);
  print(`${shown(done.name)} has another password now.`);
}

async function remove(shell: Shell, name: string, { json }: Flags): Promise<void> {
  const done = await asked(shell, (api) => api.delete<{ name: string }>(pathOf(name)));
  if (json) return printJson(done);
  print(`${shown(done.name)} is removed.`);
}

function pathOf(name: string): string {
  return `/api/users/${encodeURIComponent(name)}`;
}

async function asked<T>(shell: Shell, question: (api: ApiClient) => Promise<T>): Promise<T> {
  const { ask } = await import('../session.ts');
  return await ask(shell, await shell.config(), question);
}
