/** Rows that another program put into the table, or an older Longhand: they say less than ours. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/schema.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { makePrivateFolder } from '../../src/files/directory.ts';
import { insertJob } from '../../src/store/jobs.ts';
import { openStore } from '../../src/store/open.ts';
import { speak } from '../support/speech.ts';
import { ownConfig, ownerOf } from './owners.ts';

/** A row with what the table asks for and a recording, as another program writes it: it knows of no queue. */
async function foreignRow(config: Config): Promise<void> {
  const now = Date.now();
  const row = { filename: 'a.wav', original_path: await speak('good morning'), created_at: now, updated_at: now };
  const store = await openStore({ file: join(config.dataDir, 'longhand.db'), clock: systemClock });
  await store.db.insertInto('transcription_jobs').values(row).execute();
  await store.close();
}

/** An owner of a data folder in which such rows wait, one after the other. */
async function ownerOfRows(rows: { originalPath: string | null; parameters: string | null }[]) {
  const config = ownConfig({ overlapSeconds: 0.5 });
  makePrivateFolder(config.dataDir);
  const store = await openStore({ file: join(config.dataDir, 'longhand.db'), clock: systemClock });
  for (const { originalPath, parameters } of rows) {
    const id = await insertJob(store, { filename: 'a.wav', actor: 'somebody' });
    const row = { original_path: originalPath, parameters, engine: null, language: null, processes: 1, workers: 1 };
    await store.db.updateTable('transcription_jobs').set(row).where('id', '=', id).execute();
  }
  await store.close();
  return await ownerOf(config);
}

const BY_SETTINGS = {
  ...{ engine: 'pocketsphinx', model: 'auto', language: 'auto', processes: 1, workers: 1, preprocessWorkers: 2 },
  overlapSeconds: 0.5,
};

describe('a row that does not say how it is to be transcribed', () => {
  it.each([
    ['nothing', null, BY_SETTINGS],
    ['what is no JSON', "{'model': 'medium'}", BY_SETTINGS],
    ['nonsense', '{"engine": 7, "processes": "two", "workers": 0, "colour": "red"}', BY_SETTINGS],
    [
      'a part',
      '{"language": "en", "chunkDurationSeconds": 2}',
      { ...BY_SETTINGS, language: 'en', chunkDurationSeconds: 2 },
    ],
  ])('but %s is done as the settings say, which is recorded and told', async (_, parameters, recorded) => {
    const { api, rested, config } = await ownerOfRows([{ originalPath: await speak('good morning'), parameters }]);
    await api.get('/api/jobs/1/details');
    await api.post('/api/jobs/1/resume');
    const job = await rested(1);
    expect(job).toMatchObject({ status: 'completed', engine: 'pocketsphinx', parameters: recorded });
    expect(job.runs).toMatchObject([{ outcome: 'completed', parameters: recorded }]);
    const log = readFileSync(join(config.dataDir, 'logs', 'transcribe_job_1.log'), 'utf8');
    expect(log).toMatch(
      /Nothing says how this job is to be transcribed\. It is done as the settings say: pocketsphinx, model auto/,
    );
  });

  it('or where its recording is fails with what to do', async () => {
    const { api, rested } = await ownerOfRows([{ originalPath: null, parameters: null }]);
    await api.post('/api/jobs/1/resume');
    expect(await rested(1)).toMatchObject({
      status: 'failed',
      error: {
        kind: 'input',
        message: 'Nothing says where the recording of this job is.',
        remedy: 'Hand the recording in again, and delete this job.',
      },
    });
  });
});

describe('a row that another program left pending outside the queue', () => {
  it('is transcribed when an owner starts that works on all jobs', async () => {
    const config = ownConfig();
    makePrivateFolder(config.dataDir);
    await foreignRow(config);
    const { rested } = await ownerOf(config, { takesAll: true });
    const { status, history } = await rested(1);
    expect(status).toBe('completed');
    expect(history[0]?.sentence).toMatch(/^Put into the queue, where it was missing: another program made it wait/);
    const log = readFileSync(join(config.dataDir, 'logs', 'longhand.log'), 'utf8');
    expect(log).toMatch(/Job 1 was pending and missing in the queue; it waits there now/);
  });

  it('is found by the next sweep of an owner that works already', async () => {
    const { api, config, rested } = await ownerOf(ownConfig({ sweepIntervalSeconds: 3600 }), { takesAll: true });
    await foreignRow(config);
    expect(await api.post('/api/cleanup')).toMatchObject({ recovered: [] });
    expect(await rested(1)).toMatchObject({ status: 'completed' });
  });
});
