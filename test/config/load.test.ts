import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { platformFolders } from '../../src/config/paths.ts';
import { type ConfigInput, SETTINGS } from '../../src/config/schema.ts';
import { UsageError } from '../../src/domain/errors.ts';
import { scratchPath } from '../support/scratch.ts';

/** A settings file with this text. */
function file(name: string, text: string): string {
  const path = scratchPath(name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** A home in which nothing was ever set. */
const NOWHERE = { HOME: scratchPath('home'), XDG_CONFIG_HOME: scratchPath('no settings here') };

/** What loading complains of. */
function complaint(flags: ConfigInput, env: NodeJS.ProcessEnv): UsageError {
  try {
    loadConfig(flags, { ...NOWHERE, ...env });
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return error as UsageError;
  }
  throw new Error('nothing was refused');
}

describe('what wins', () => {
  const settings = file('order.toml', 'language = "th"\nworkers = 3\nprocesses = 4\noverlapSeconds = 0.5\n');
  const env = {
    ...NOWHERE,
    LONGHAND_CONFIG: settings,
    LONGHAND_WORKERS: '5',
    LONGHAND_PROCESSES: '6',
    LONGHAND_OVERLAP: '',
  };
  const { config, warnings } = loadConfig({ processes: 7, model: undefined }, env);

  test('a flag wins over the environment', () => expect(config.processes).toBe(7));
  test('the environment wins over the file', () => expect(config.workers).toBe(5));
  test('the file wins over the default', () => expect(config.language).toBe('th'));
  test('a flag that was not given leaves the default', () => expect(config.model).toBe('auto'));
  test('an empty variable is one that was not set', () => expect(config.overlapSeconds).toBe(0.5));
  test('nobody is warned of anything', () => expect(warnings).toEqual([]));
  test('nothing can be changed afterwards', () => expect(Object.isFrozen(config)).toBe(true));
});

test('folders come from the platform, whole, unless they are set', () => {
  const env = { ...NOWHERE, XDG_DATA_HOME: '/data', XDG_CACHE_HOME: '/cache' };
  const folders = platformFolders(env);
  expect(loadConfig({}, env).config).toMatchObject({ dataDir: folders.data, cacheDir: folders.cache });
  expect(loadConfig({ dataDir: 'here' }, env).config.dataDir).toBe(resolve('here'));
});

test.each([
  ['linux', { data: '/h/.local/share/longhand', cache: '/h/.cache/longhand', config: '/h/.config/longhand' }],
  [
    'darwin',
    {
      data: '/h/Library/Application Support/longhand',
      cache: '/h/Library/Caches/longhand',
      config: '/h/Library/Application Support/longhand',
    },
  ],
] as const)('the folders on %s', (platform, folders) => {
  expect(platformFolders({ XDG_DATA_HOME: '' }, platform, '/h')).toEqual(folders);
});

test('the file stands in the platform folder, and need not', () => {
  const { config } = platformFolders(NOWHERE);
  expect(loadConfig({}, NOWHERE).config.language).toBe('auto');
  if (process.platform !== 'darwin') {
    const home = { ...NOWHERE, XDG_CONFIG_HOME: scratchPath('settings') };
    file(join('settings', 'longhand', 'config.toml'), 'language = "de"\n');
    expect(loadConfig({}, home).config.language).toBe('de');
  }
  expect(config).toContain('longhand');
});

describe('a settings file that cannot be used is named', () => {
  test('missing, although it was asked for', () => {
    const path = scratchPath('none.toml');
    expect(complaint({}, { LONGHAND_CONFIG: path }).message).toContain(path);
  });

  test('not TOML', () => {
    const path = file('broken.toml', 'language = \n');
    expect(complaint({}, { LONGHAND_CONFIG: path }).message).toMatch(
      /broken\.toml is not valid TOML \(line 1, column \d+: .+\)\.$/,
    );
  });

  test('not TOML, in the line of a secret: the secret is not printed', () => {
    const path = file('broken-secret.toml', 'openaiKey = "sk-very-secret\n');
    const { message, remedy } = complaint({}, { LONGHAND_CONFIG: path });
    expect(message).toContain(path);
    expect(`${message} ${remedy}`).not.toContain('very-secret');
  });

  test('with a name that was mistyped: the right one is suggested', () => {
    const path = file('typo.toml', 'langauge = "th"\n');
    const { message, remedy } = complaint({}, { LONGHAND_CONFIG: path });
    expect(message).toBe(`Unknown setting "langauge" in ${path}.`);
    expect(remedy).toBe('Did you mean "language"?');
  });

  test('with a name that is like no other: all are listed', () => {
    const path = file('odd.toml', 'zzzzzzzzzz = 1\n');
    const { remedy } = complaint({}, { LONGHAND_CONFIG: path });
    for (const name of Object.keys(SETTINGS)) expect(remedy).toContain(name);
  });

  test.each(['toString', 'constructor', '__proto__', 'hasOwnProperty'])('with the name %s', (name) => {
    const path = file('inherited.toml', `${name} = 1\n`);
    expect(complaint({}, { LONGHAND_CONFIG: path }).message).toContain(`"${name}"`);
  });
});

describe('a value that cannot be used is named with its source', () => {
  const settings = file('values.toml', 'maxConcurrent = 0\n');

  test.each<[string, string, ConfigInput, NodeJS.ProcessEnv]>([
    ['workers', 'the command line', { workers: 0 }, {}],
    ['workers', 'the command line', { workers: 1.5 }, {}],
    ['processes', 'LONGHAND_PROCESSES', {}, { LONGHAND_PROCESSES: 'many' }],
    ['processes', 'LONGHAND_PROCESSES', {}, { LONGHAND_PROCESSES: '-2' }],
    ['processes', 'LONGHAND_PROCESSES', {}, { LONGHAND_PROCESSES: '  ' }],
    ['overlapSeconds', 'LONGHAND_OVERLAP', {}, { LONGHAND_OVERLAP: '11' }],
    ['chunkDurationSeconds', 'LONGHAND_CHUNK_DURATION', {}, { LONGHAND_CHUNK_DURATION: 'Infinity' }],
    ['chunkTimeoutSeconds', 'LONGHAND_CHUNK_TIMEOUT', {}, { LONGHAND_CHUNK_TIMEOUT: '0' }],
    ['engine', 'LONGHAND_ENGINE', {}, { LONGHAND_ENGINE: 'siri' }],
    ['tracking', 'LONGHAND_PROCESS_TRACKING', {}, { LONGHAND_PROCESS_TRACKING: 'perhaps' }],
    ['openaiUrl', 'LONGHAND_OPENAI_URL', {}, { LONGHAND_OPENAI_URL: 'not a url' }],
    ['maxConcurrent', settings, {}, { LONGHAND_CONFIG: settings }],
  ])('%s from %s', (name, source, flags, env) => {
    const { message, remedy } = complaint(flags, env);
    expect(message).toContain(`The setting ${name} from ${source} cannot be used`);
    expect(remedy).toContain(SETTINGS[name as keyof typeof SETTINGS].env);
  });

  test('but the value itself is never printed, since it may be a secret', () => {
    const path = file('secret.toml', 'openaiKey = ["sk-very-secret"]\n');
    const address = 'nowhere:user-very-secret@';
    for (const error of [
      complaint({}, { LONGHAND_CONFIG: path }),
      complaint({}, { LONGHAND_OPENAI_URL: `very-secret ${address}` }),
      complaint({}, { LONGHAND_WORKERS: 'very-secret' }),
      complaint({}, { LONGHAND_ENGINE: 'very-secret' }),
    ]) {
      expect(`${error.message} ${error.remedy} ${error.evidence}`).not.toContain('very-secret');
    }
  });
});

test('text from the environment becomes numbers and truth', () => {
  const env = {
    ...NOWHERE,
    LONGHAND_PROCESSES: ' 3 ',
    LONGHAND_OVERLAP: '0.25',
    LONGHAND_CHUNK_TIMEOUT: '90',
    LONGHAND_PROCESS_TRACKING: 'no',
    MAX_CONCURRENT_TRANSCRIPTIONS: '8',
  };
  expect(loadConfig({}, env).config).toMatchObject({
    processes: 3,
    overlapSeconds: 0.25,
    chunkTimeoutSeconds: 90,
    tracking: false,
    maxConcurrent: 8,
  });
});

describe('a variable that looks like a setting and is none', () => {
  test('is told, with what may have been meant', () => {
    const { warnings } = loadConfig({}, { ...NOWHERE, LONGHAND_WORKER: '2', LONGHAND_SOMETHING_ELSE: 'very-secret' });
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toContain('LONGHAND_WORKER is not a setting; did you mean LONGHAND_WORKERS?');
    expect(warnings[1]).toContain('LONGHAND_SOMETHING_ELSE');
    expect(warnings.join()).not.toContain('very-secret');
  });

  test('is not told of what is ours', () => {
    const own = { ...NOWHERE, LONGHAND_RUN_TOKEN: 'x', PATH: '/bin' };
    expect(loadConfig({}, own).warnings).toEqual([]);
  });
});
