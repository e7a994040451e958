/** What the documents promise is there: every setting with its true names, every command that is named. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SETTINGS, type SettingName } from '../../src/config/schema.ts';
import { parseByteSize } from '../../src/domain/bytes.ts';

const PROGRAM = join(process.cwd(), 'dist', 'longhand.js');
const DOCUMENTS = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];
/** Their defaults depend on the machine, or are told in words. */
const DEFAULT_IN_WORDS: SettingName[] = ['dataDir', 'cacheDir', 'processes', 'workers'];

describe('the settings in the README', () => {
  const rows = settingsTable(readFileSync('README.md', 'utf8'));

  it('are those of the program, in its order', () => {
    const documented = rows.map(({ key, variable }) => [key, variable]);
    expect(documented).toEqual(Object.entries(SETTINGS).map(([key, { env }]) => [key, env]));
  });

  it('have the flags of transcribe', async () => {
    const help = await helpOf(['transcribe']);
    const flags = rows.flatMap(({ flag }) => (flag ? [flag] : []));
    expect(flags.length).toBeGreaterThan(0);
    for (const flag of flags) expect(help).toContain(`\n  ${flag} <`);
  });

  it('have the defaults of the program', () => {
    for (const { key, byDefault } of rows) {
      if (DEFAULT_IN_WORDS.includes(key)) continue;
      const value = SETTINGS[key].type.parse(undefined);
      // What has no default may say in words what then happens.
      if (key.endsWith('Bytes'))
        expect({ key, bytes: parseByteSize(byDefault.replaceAll('`', '')) }).toEqual({ key, bytes: value });
      else if (value === undefined)
        expect({ key, byDefault }).toEqual({ key, byDefault: expect.not.stringContaining('`') });
      else expect({ key, byDefault }).toEqual({ key, byDefault: `\`${value}\`` });
    }
  });
});

describe('the commands that documents name', () => {
  const named = [...new Set(DOCUMENTS.flatMap((file) => commandsIn(readFileSync(file, 'utf8'))))].sort();

  it('are found at all', () => {
    expect(named).toEqual(expect.arrayContaining(['doctor', 'engines install', 'resume', 'transcribe']));
  });

  it.each(named)('longhand %s exists', async (command) => {
    const [first = '', second] = command.split(' ');
    const usage = `Usage: longhand ${first} `;
    const help = await helpOf([first]);
    expect(help).toContain(usage);
    // Only of `models` and `engines` is the second word a command too.
    if (second && /^Commands:$/m.test(help)) {
      expect(await helpOf([first, second])).toContain(`Usage: longhand ${first} ${second} `);
    }
  });
});

it('every link between documents leads to a file', () => {
  for (const file of DOCUMENTS) {
    for (const [, target = ''] of readFileSync(file, 'utf8').matchAll(/\]\(([^)#]+)[^)]*\)/g)) {
      if (/^https?:/.test(target)) continue;
      expect({ file, target, there: existsSync(join(dirname(file), target)) }).toEqual({ file, target, there: true });
    }
  }
});

interface SettingsRow {
  key: SettingName;
  variable: string;
  flag: string | undefined;
  byDefault: string;
}

/** The rows of the table below the heading "Settings". */
function settingsTable(text: string): SettingsRow[] {
  const [, section = ''] = text.split(/^## Settings$/m);
  const [body = ''] = section.split(/^## /m);
  const lines = body.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) => {
    const [key = '', variable = '', flag = '', byDefault = ''] = line
      .split('|')
      .slice(1)
      .map((cell) => cell.trim());
    const bare = (cell: string) => cell.replaceAll('`', '');
    return { key: bare(key) as SettingName, variable: bare(variable), flag: bare(flag) || undefined, byDefault };
  });
}

/** `longhand transcribe`, `longhand models pull`, … in code, without what the set-up says of itself. */
function commandsIn(text: string): string[] {
  const blocks = text.match(/^```[^\n]*\n[\s\S]*?^```$/gm) ?? [];
  const spans = text.replace(/^```[^\n]*\n[\s\S]*?^```$/gm, '').match(/`[^`\n]+`/g) ?? [];
  return [...blocks, ...spans].flatMap((code) =>
    [...code.matchAll(/(?<![\w/.~-])longhand (?!set-up)([a-z]+)(?: ([a-z]+)(?![\w.]))?/g)].map(([, first, second]) =>
      [first, second].filter(Boolean).join(' '),
    ),
  );
}

function helpOf(command: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [PROGRAM, ...command, '--help'], (error, stdout, stderr) => {
      if (error) reject(new Error(`longhand ${command.join(' ')} --help: ${stderr}`));
      else resolve(stdout);
    });
  });
}
