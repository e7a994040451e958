/** Owners in the test's own process, whose runners are what a test wants them to be. */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ApiClient } from '../../src/api/client.ts';
import { type Owner, type OwnerOptions, startOwner } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Config, ConfigInput } from '../../src/config/schema.ts';
import { awaitsPerson } from '../../src/domain/job.ts';
import type { Submission } from '../../src/jobs/submission.ts';
import type { Submitted } from '../../src/jobs/submit.ts';
import type { JobDetails } from '../../src/jobs/view.ts';
import { PACKAGE_ROOT } from '../../src/package-root.ts';
import type { News } from '../../src/supervisor/news.ts';
import { newsOf } from '../support/news.ts';
import { scratchPath } from '../support/scratch.ts';
import { speak } from '../support/speech.ts';

/** Does what MISBEHAVIOUR says. */
export const MISBEHAVING_RUNNER = join(PACKAGE_ROOT, 'test', 'fixtures', 'runners', 'as-asked.js');
let folders = 0;

/** An owner with folders of its own, and a client of it. */
export interface OwnerUnderTest {
  owner: Owner;
  api: ApiClient;
  config: Config;
  warnings: string[];
  /** Hands in a short recording. @returns the job's id */
  submit(wish?: Partial<Submission>): Promise<number>;
  /** Waits until a job rests. */
  rested(id: number): Promise<JobDetails>;
  /** Waits for news of a job. */
  heard<T>(id: number, wanted: (news: News) => T | undefined): Promise<T>;
}

/** Settings for an owner with folders of its own. */
export function ownConfig(flags: ConfigInput = {}): Config {
  folders += 1;
  const dataDir = scratchPath(`owner-${process.pid}-${folders}`);
  return loadConfig({ dataDir, cacheDir: `${dataDir}-cache`, engine: 'pocketsphinx', ...flags }, {}).config;
}

/** Starts an owner that is closed when the test is over. */
export async function ownerUnderTest(
  flags: ConfigInput = {},
  options: Partial<OwnerOptions> = {},
): Promise<OwnerUnderTest> {
  return await ownerOf(ownConfig(flags), options);
}

/** As `ownerUnderTest`, in folders that exist. */
export async function ownerOf(config: Config, options: Partial<OwnerOptions> = {}): Promise<OwnerUnderTest> {
  const warnings: string[] = [];
  const onWarning = (sentence: string) => void warnings.push(sentence);
  const owner = await startOwner(config, { acceptsJobs: true, onWarning, ...options });
  if (!owner) throw new Error('Somebody else owns the folder.');
  onTestFinished(() => owner.close());
  const api = new ApiClient(owner.socketPath);
  const heard = async <T>(id: number, wanted: (news: News) => T | undefined): Promise<T> => {
    for await (const { data } of api.events(`/api/jobs/${id}/events`)) {
      const news = newsOf(data);
      const found = news && wanted(news);
      if (found !== undefined) return found;
    }
    throw new Error('The stream of news ended.');
  };
  return {
    owner,
    api,
    config,
    warnings,
    heard,
    submit: async (more) => (await api.post<Submitted>('/api/jobs', { ...(await wish(config)), ...more })).id,
    rested: async (id) => {
      await heard(id, (news) => (news.type === 'state' && awaitsPerson(news.status, news.pausedBy)) || undefined);
      return await api.get<JobDetails>(`/api/jobs/${id}/details`);
    },
  };
}

async function wish(config: Config): Promise<Submission> {
  return {
    path: await speak('good morning and welcome'),
    engine: 'pocketsphinx',
    model: 'auto',
    language: 'en',
    processes: config.processes,
    workers: config.workers,
    preprocessWorkers: config.preprocessWorkers,
    overlapSeconds: 0,
    again: true,
  };
}
