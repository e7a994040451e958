/** The health check, backups and the disk over HTTP, of a real service. */
import { mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Service, startService } from './service.ts';

let service: Service;
beforeAll(async () => {
  service = await startService({ LONGHAND_LOG_DAYS: '3' });
});
afterAll(() => service.stop());

interface Check {
  name: string;
  state: string;
  optional: boolean;
  sentence: string;
  remedy: string | null;
}

interface Backup {
  name: string;
  madeAt: string;
  bytes: number;
  verified: boolean;
}

async function checks(): Promise<Check[]> {
  return (await service.api.get<{ checks: Check[] }>('/api/doctor')).checks;
}

test('the health check finds what the command finds', async () => {
  const found = await checks();
  const names = found.map(({ name }) => name);
  for (const name of ['longhand', 'ffmpeg', 'engine pocketsphinx', 'models', 'data folder', 'disk', 'database']) {
    expect(names).toContain(name);
  }
  expect(found.find(({ name }) => name === 'ffmpeg')).toMatchObject({ state: 'ok', optional: false, remedy: null });
  expect(found.find(({ name }) => name === 'models')).toMatchObject({
    ...{ state: 'ok', optional: true, sentence: 'none for Whisper', remedy: 'longhand models pull base' },
  });
  expect(found.find(({ name }) => name === 'supervision')).toMatchObject({
    state: 'ok',
    sentence: expect.stringMatching(/0 orphans/),
  });
});

test('what is broken is told with the remedy', async () => {
  const models = join(service.dataDir, '..', 'cache', 'models');
  mkdirSync(models, { recursive: true });
  const model = join(models, 'ggml-tiny.bin');
  writeFileSync(model, 'no model');
  expect((await checks()).find(({ name }) => name === 'models')).toMatchObject({
    ...{
      state: 'warning',
      optional: false,
      sentence: expect.stringMatching(/tiny is damaged/),
      remedy: 'longhand models pull tiny',
    },
  });
  rmSync(model);
});

test('a backup is made, listed, and told as what it is when something was cut off', async () => {
  expect(await service.api.get('/api/backups')).toEqual({ backups: [] });
  // Who asks at the same time gets the same one.
  const [made, same] = await Promise.all([1, 2].map(() => service.api.post<Backup>('/api/backups')));
  expect(same).toEqual(made);
  expect(made).toMatchObject({
    name: expect.stringMatching(/^longhand-0010-transcript-versions-\d{8}T\d{9}Z\.db$/),
    verified: true,
  });
  const again = await service.api.post<Backup>('/api/backups');
  expect(await service.api.get('/api/backups')).toEqual({ backups: [again, made] });
  const folder = join(service.dataDir, 'backups');
  expect(readdirSync(folder).sort()).toEqual([made?.name, again.name].sort());
  truncateSync(join(folder, again.name), again.bytes - 4096);
  const { backups } = await service.api.get<{ backups: Backup[] }>('/api/backups');
  expect(backups.map(({ verified }) => verified)).toEqual([false, true]);
});

test('what is on the disk is counted, and the settings that limit it are named', async () => {
  const jobs = join(service.dataDir, 'jobs', '1');
  mkdirSync(jobs, { recursive: true });
  writeFileSync(join(jobs, 'audio.wav'), Buffer.alloc(5000));
  mkdirSync(join(service.dataDir, 'uploads', 'a'), { recursive: true });
  writeFileSync(join(service.dataDir, 'uploads', 'a', 'talk.wav'), Buffer.alloc(3000));
  const storage = await service.api.get<Record<string, number | object[]>>('/api/storage');
  expect(storage).toMatchObject({ jobFilesBytes: 5000, recordingsBytes: 3000, modelsBytes: 0 });
  for (const name of ['databaseBytes', 'logsBytes', 'backupsBytes', 'freeBytes', 'totalBytes']) {
    expect(storage[name], name).toBeGreaterThan(0);
  }
  expect(storage.retention).toContainEqual({
    ...{ setting: 'logDays', about: 'days that logs are kept', value: 3, unit: 'days' },
  });
  expect(storage.retention).toHaveLength(5);
});
