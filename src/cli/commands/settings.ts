import type { Command } from 'commander';
import type { ApiClient } from '../../api/client.ts';
import type { ToldSetting } from '../../api/schemas/settings.ts';
import { asTyped, byteSize, print, printJson, say, shown, table } from '../output.ts';
import type { Shell } from '../shell.ts';

const HELP = `
What a flag, the environment or the settings file says counts more than what is set here. It is kept in settings.json in the
data folder. Folders, the database and the address of the service are set in the environment or in the settings file.

Examples:
  longhand settings
  longhand settings set maxConcurrent 1
  longhand settings set quietHours 22:00-07:00
  longhand settings unset quietHours`;

interface Flags {
  json?: boolean;
}

interface Told {
  settings: ToldSetting[];
  waitingForRestart: string[];
}

interface Changed {
  changed: ToldSetting[];
  restartNeeded: boolean;
}

/** What Longhand is set to: list, set, unset. */
export function defineSettings(program: Command, shell: Shell): void {
  const settings = program
    .command('settings')
    .description('show and change what Longhand is set to: list, set, unset')
    .addHelpText('after', HELP);
  settings
    .command('list', { isDefault: true })
    .description('list every setting with its value and what says so')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nA * waits for a restart.\n\nExample:\n  longhand settings list')
    .action((flags: Flags) => list(shell, flags));
  settings
    .command('set')
    .description('set one, for the service and every command in this data folder')
    .argument('<name>', 'from longhand settings list')
    .argument(
      '<value>',
      'several with commas; sizes as 2GB; - reads it from standard input, so that no other program sees it',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  longhand settings set maxRetries 5\n  longhand settings set openaiKey - < key.txt',
    )
    .action(async (name: string, value: string, flags: Flags) =>
      change(shell, { [name]: value === '-' ? await fromInput() : value }, flags),
    );
  settings
    .command('unset')
    .description('set one back to what it is when nobody sets it')
    .argument('<name>', 'from longhand settings list')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  longhand settings unset maxRetries')
    .action((name: string, flags: Flags) => change(shell, { [name]: null }, flags));
}

async function list(shell: Shell, { json }: Flags): Promise<void> {
  const told = await asked(shell, (api) => api.get<Told>('/api/settings'));
  if (json) return printJson(told);
  print(
    table([
      ['SETTING', 'VALUE', 'SET BY', 'WHAT IT IS'],
      ...told.settings.map((setting) => [
        `${setting.name}${setting.waitsForRestart ? ' *' : ''}`,
        valueInWords(setting),
        sourceInWords(setting),
        setting.about,
      ]),
    ]),
  );
  if (told.waitingForRestart.length > 0) sayRestart();
}

async function change(shell: Shell, changes: Record<string, string | null>, { json }: Flags): Promise<void> {
  const done = await asked(shell, (api) => api.patch<Changed>('/api/settings', changes));
  if (json) return printJson(done);
  const [setting] = done.changed;
  if (!setting) return print('It is so already.');
  print(`${setting.name} is ${valueInWords(setting)} now.`);
  if (done.restartNeeded) sayRestart();
}

function sayRestart(): void {
  say(asTyped('It holds after a restart of the service: longhand restart'));
}

function valueInWords({ value, unit }: ToldSetting): string {
  if (value === null) return '-';
  if (Array.isArray(value)) return value.map(shown).join(', ') || '-';
  if (typeof value !== 'number' || unit === null) return shown(String(value));
  return unit === 'bytes' ? byteSize(value) : `${value} ${unit}`;
}

function sourceInWords({ source, variable }: ToldSetting): string {
  switch (source) {
    case 'flag':
      return 'flag';
    case 'environment':
      return variable;
    case 'file':
      return 'settings file';
    case 'page':
      return 'settings';
    case 'default':
      return '-';
  }
}

/** What comes on standard input, without the end of its last line. */
async function fromInput(): Promise<string> {
  const { text } = await import('node:stream/consumers');
  return (await text(process.stdin)).replace(/\r?\n$/, '');
}

async function asked<T>(shell: Shell, question: (api: ApiClient) => Promise<T>): Promise<T> {
  const { ask } = await import('../session.ts');
  return await ask(shell, await shell.config(), question);
}
