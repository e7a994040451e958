import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { timeOf, ttserviceJobs } from '../../src/store/ttservice.ts';
import { temporaryFolder } from './support.ts';

test.each([
  ['2025-12-08 09:30:00', Date.UTC(2025, 11, 8, 9, 30)],
  ['2025-12-08 09:30:00.125000', new Date(2025, 11, 8, 9, 30, 0, 125).getTime()],
  ['2025-12-08T09:30:00', new Date(2025, 11, 8, 9, 30).getTime()],
  ['2025-12-08T09:30:00Z', Date.UTC(2025, 11, 8, 9, 30)],
  ['2025-12-08T09:30:00.5+07:00', Date.UTC(2025, 11, 8, 2, 30, 0, 500)],
  ['2025-12-08 09:30:00-0330', Date.UTC(2025, 11, 8, 13, 0)],
  ['2025-12-08', Date.UTC(2025, 11, 8)],
  [1_765_186_200, 1_765_186_200_000],
  [1_765_186_200.25, 1_765_186_200_250],
  [1_765_186_200_000, 1_765_186_200_000],
  ['yesterday', null],
  ['', null],
  [null, null],
])('the time %j', (value, time) => {
  expect(timeOf(value)).toBe(time);
});

test('a row that says next to nothing is a job all the same', () => {
  const path = join(temporaryFolder(), 'transcriptor.db');
  const database = new Database(path);
  database.exec('create table transcription_jobs (id integer primary key, filename text not null, status text)');
  database.exec(`insert into transcription_jobs values (7, 'a.mp3', null)`);
  database.close();
  expect([...ttserviceJobs(path)]).toEqual([
    {
      ...{ id: 7, filename: 'a.mp3', status: 'pending', model: 'medium', processes: 2, workers: 8, progress: 0 },
      ...{ originalPath: null, outputPath: null, durationMinutes: 0, progressStage: null, elapsedSeconds: 0, speed: 0 },
      ...{
        transcript: null,
        errorMessage: null,
        estimatedDuration: null,
        retryCount: 0,
        taskId: null,
        createdAt: null,
      },
      ...{
        updatedAt: null,
        startedAt: null,
        completedAt: null,
        processId: null,
        logFilePath: null,
        lastHeartbeat: null,
      },
      ...{ userId: null, spaceId: null, key: 'ttservice:7::a.mp3' },
    },
  ]);
});

test('any number of rows is read, in the order of their numbers', () => {
  const path = join(temporaryFolder(), 'transcriptor.db');
  const database = new Database(path);
  database.exec('create table transcription_jobs (id integer primary key, filename text not null, status text)');
  const insert = database.prepare(`insert into transcription_jobs values (?, 'a.mp3', 'failed')`);
  const ids = Array.from({ length: 250 }, (_, n) => 3 * n + 1);
  database.transaction(() => {
    for (const id of [...ids].reverse()) insert.run(id);
  })();
  database.close();
  expect([...ttserviceJobs(path)].map(({ id }) => id)).toEqual(ids);
});
