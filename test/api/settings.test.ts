/** Settings over HTTP, of real services whose jobs are worked on by runners of the test's own. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema.ts';
import type { ToldSetting } from '../../src/config/told.ts';
import { MISBEHAVING_RUNNER, type OwnerUnderTest, ownConfig, ownerOf } from '../supervisor/owners.ts';
import { scratchPath } from '../support/scratch.ts';

const SECRET = 'sk-a-very-secret-key';

interface Told {
  settings: ToldSetting[];
  waitingForRestart: string[];
}

interface Changed {
  changed: ToldSetting[];
  restartNeeded: boolean;
}

/** The settings with which a service in this folder would start now. */
function configOf({ dataDir, cacheDir }: Config, env: NodeJS.ProcessEnv = {}): Config {
  return loadConfig({ dataDir, cacheDir, port: 0 }, { LONGHAND_CONFIG: emptyFile(), ...env }).config;
}

function emptyFile(): string {
  const path = scratchPath('no-settings.toml');
  writeFileSync(path, '');
  return path;
}

async function startedWith(config: Config): Promise<OwnerUnderTest> {
  return await ownerOf(config, { listens: true, takesAll: true, runnerPath: MISBEHAVING_RUNNER });
}

async function started(env: NodeJS.ProcessEnv = {}): Promise<OwnerUnderTest> {
  return await startedWith(configOf(ownConfig(), { LONGHAND_ENGINE: 'pocketsphinx', ...env }));
}

async function settingOf({ api }: OwnerUnderTest, name: string): Promise<ToldSetting | undefined> {
  return (await api.get<Told>('/api/settings')).settings.find((one) => one.name === name);
}

async function patched({ owner }: OwnerUnderTest, body: unknown) {
  const response = await fetch(`${owner.address}/api/settings`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, text, body: JSON.parse(text) as Record<string, unknown> };
}

function keptBy({ config }: OwnerUnderTest): string {
  return join(config.dataDir, 'settings.json');
}

test('a change is kept in a private file, told with its source and its trace, and outlives a restart', async () => {
  const first = await started();
  expect(await settingOf(first, 'maxRetries')).toMatchObject({
    ...{ value: 3, default: 3, source: 'default', kind: 'number', unit: null, min: 0, max: null, whole: true },
    ...{ group: 'queue', changeable: true, whyNot: null, needsRestart: false, secret: false },
  });
  expect(await first.api.patch<Changed>('/api/settings', { maxRetries: '5', onLeave: 'cancel' })).toMatchObject({
    restartNeeded: false,
    changed: [
      { name: 'maxRetries', value: 5, default: 3, source: 'page', waitsForRestart: false },
      { name: 'onLeave', value: 'cancel' },
    ],
  });
  expect(JSON.parse(readFileSync(keptBy(first), 'utf8'))).toEqual({ maxRetries: 5, onLeave: 'cancel' });
  expect(statSync(keptBy(first)).mode & 0o777).toBe(0o600);
  const { events } = await first.api.get<{ events: { type: string; sentence: string }[] }>('/api/audit');
  expect(events.at(-1)).toMatchObject({
    ...{ type: 'settings', job: null, actor: 'user' },
    sentence: 'Settings changed: maxRetries set to 5 (was 3), onLeave set to cancel (was continue) by the user.',
  });
  await first.owner.close();

  const second = await startedWith(configOf(first.config));
  expect(await settingOf(second, 'maxRetries')).toMatchObject({ value: 5, source: 'page' });
  expect(await second.api.patch<Changed>('/api/settings', { maxRetries: null })).toMatchObject({
    changed: [{ value: 3, source: 'default' }],
  });
  expect(JSON.parse(readFileSync(keptBy(second), 'utf8'))).toEqual({ onLeave: 'cancel' });
  // The second time nothing changes, and nothing is noted.
  const before = (await second.api.get<{ events: unknown[] }>('/api/audit')).events.length;
  expect(await second.api.patch<Changed>('/api/settings', { maxRetries: null })).toEqual({
    changed: [],
    restartNeeded: false,
  });
  expect((await second.api.get<{ events: unknown[] }>('/api/audit')).events.length).toBe(before);
});

test('what needs a restart is told until it has come, and a secret never', async () => {
  const first = await started();
  const key = await patched(first, { openaiKey: SECRET, smtpUrl: `smtp://me:${SECRET}@127.0.0.1:25` });
  expect(key.body).toMatchObject({
    restartNeeded: true,
    changed: [
      { name: 'openaiKey', value: '[hidden]', secret: true, waitsForRestart: true },
      { name: 'smtpUrl', value: '[hidden]', secret: true },
    ],
  });
  await patched(first, { openaiUrl: `http://me:${SECRET}@127.0.0.1:9/v1` });
  const told = await first.api.getText('/api/settings');
  expect(JSON.parse(told)).toMatchObject({ waitingForRestart: ['openaiUrl', 'openaiKey', 'smtpUrl'] });
  const all = [key.text, told, await first.api.getText('/api/audit')].join();
  expect(all).toContain('openaiKey set to [hidden] (was nothing)');
  expect(all).not.toContain(SECRET);
  await first.owner.close();
  const log = readFileSync(join(first.config.dataDir, 'logs', 'longhand.log'), 'utf8');
  expect(log).toContain('Changed: openaiKey, smtpUrl');
  expect(log).not.toContain(SECRET);

  const second = await startedWith(configOf(first.config));
  expect(second.config).toMatchObject({ openaiKey: SECRET });
  expect(await second.api.get<Told>('/api/settings')).toMatchObject({ waitingForRestart: [] });
  // What was shown must not become the value.
  const shown = (await settingOf(second, 'openaiUrl'))?.value;
  expect(await patched(second, { openaiUrl: shown })).toMatchObject({ status: 400, body: { code: 'setting_value' } });
});

test('what flags, environment or file say is not changed, and it is said where it is', async () => {
  const file = scratchPath('said.toml');
  writeFileSync(file, '# mine\nmaxRetries = 4\n');
  const service = await started({ LONGHAND_CONFIG: file, LONGHAND_LANGUAGE: 'en' });
  expect(await patched(service, { language: 'th', onLeave: 'cancel' })).toMatchObject({
    status: 409,
    body: { code: 'setting_fixed', detail: expect.stringContaining('by the variable LONGHAND_LANGUAGE') },
  });
  expect(await patched(service, { maxRetries: 9 })).toMatchObject({
    status: 409,
    body: { detail: expect.stringContaining(`in the file ${file}`), remedy: expect.stringMatching(/there/) },
  });
  expect(await settingOf(service, 'maxRetries')).toMatchObject({ source: 'file', changeable: false });
  expect(await settingOf(service, 'language')).toMatchObject({ value: 'en', source: 'environment' });
  // All or none.
  expect(await settingOf(service, 'onLeave')).toMatchObject({ value: 'continue', source: 'default' });
  expect(existsSync(keptBy(service))).toBe(false);
  // The value of before, kept for when the file says nothing any more, does not count meanwhile.
  writeFileSync(keptBy(service), '{"maxRetries": 7, "fromALaterVersion": 1}');
  const { config, warnings } = loadConfig({ dataDir: service.config.dataDir }, { LONGHAND_CONFIG: file });
  expect(config.maxRetries).toBe(4);
  expect(warnings).toEqual([expect.stringMatching(/"fromALaterVersion".*not known to this version/)]);
});

test.each<[string, object, number, string, RegExp]>([
  ['an unknown name', { maxRetrys: 1 }, 404, 'setting_not_found', /maxRetrys/],
  ['a number that is too small', { maxConcurrent: 0 }, 400, 'setting_value', /it must be above 0/],
  ['a word for a number', { maxConcurrent: 'many' }, 400, 'setting_value', /a number/],
  ['hours that are none', { quietHours: 'at night' }, 400, 'setting_value', /quietHours/],
  ['no object', ['maxConcurrent'], 400, 'usage', /not valid/],
  ['the data folder', { dataDir: '/tmp' }, 409, 'setting_refused', /where Longhand keeps things/],
  ['the address', { host: '0.0.0.0' }, 409, 'setting_refused', /who can reach the service/],
  ['the guard of webhooks', { allowPrivateHooks: true }, 409, 'setting_refused', /webhooks/],
])('%s is refused with the reason, and nothing is written', async (_, body, status, code, detail) => {
  const service = await started();
  expect(await patched(service, body)).toMatchObject({ status, body: { code, detail: expect.stringMatching(detail) } });
  expect(existsSync(keptBy(service))).toBe(false);
});

test('how many run at once and the hours for work hold at once', async () => {
  process.env.MISBEHAVIOUR = 'works until it is stopped';
  const service = await started({ MAX_CONCURRENT_TRANSCRIPTIONS: '' });
  await service.api.patch('/api/settings', { maxConcurrent: 1, maxRetries: 0 });
  const first = await service.submit();
  const second = await service.submit({ again: true });
  const becomes = (id: number, status: string) =>
    service.heard(id, (news) => (news.type === 'state' && news.status === status) || undefined);
  const state = async (id: number) => (await service.api.get<{ status: string }>(`/api/jobs/${id}/state`)).status;
  if ((await state(first)) !== 'processing') await becomes(first, 'processing');
  expect(await state(second)).toBe('pending');
  await service.api.patch('/api/settings', { maxConcurrent: 2 });
  if ((await state(second)) !== 'processing') await becomes(second, 'processing');

  // Hours that are over now, whatever time it is.
  const hour = new Date().getUTCHours();
  const hours = `${twoDigits(hour + 2)}:00-${twoDigits(hour + 3)}:00`;
  await service.api.patch('/api/settings', { quietHours: hours, timeZone: 'UTC' });
  for (const id of [first, second]) if ((await state(id)) !== 'paused') await becomes(id, 'paused');
  process.env.MISBEHAVIOUR = 'finishes at once';
  await service.api.patch('/api/settings', { quietHours: null });
  for (const id of [first, second]) expect(await service.rested(id)).toMatchObject({ status: 'completed' });
});

test.each([
  ['half of a file', '{"maxRetries": 5', /settings\.json is not as Longhand has written it/],
  ['a list', '[]', /settings\.json is not as Longhand has written it/],
  [
    'a value that cannot be',
    '{"maxRetries": -1}',
    /maxRetries from .*settings\.json cannot be used: it must be 0 or more/,
  ],
])('%s is refused at the next start, and the file is named', (_, text, sentence) => {
  const { dataDir } = ownConfig();
  mkdirSync(dataDir);
  writeFileSync(join(dataDir, 'settings.json'), text);
  expect(() => loadConfig({ dataDir }, {})).toThrow(sentence);
});

function twoDigits(hour: number): string {
  return String(hour % 24).padStart(2, '0');
}
