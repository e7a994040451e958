/** OpenAI's own client against the service, as it is: real speech, recognised for real. */
import { createReadStream } from 'node:fs';
import OpenAI, { BadRequestError, NotFoundError, toFile } from 'openai';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ApiContext } from '../../../src/api/context.ts';
import { NewsHub } from '../../../src/api/events.ts';
import { WaitingClients } from '../../../src/api/openai/await-job.ts';
import { getJob } from '../../../src/store/jobs.ts';
import { emptyQueue, queueControlOf } from '../../jobs/queue-contexts.ts';
import { submit } from '../../store/support.ts';
import { MISBEHAVING_RUNNER, ownConfig } from '../../supervisor/owners.ts';
import { speak } from '../../support/speech.ts';
import { type Service, serviceOf } from './service.ts';

const SPEECH = 'good morning and welcome. the people of the city were very happy';

afterEach(() => void delete process.env.MISBEHAVIOUR);

function clientOf({ url }: Service): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none' });
}

async function jobsOf({ api }: Service): Promise<{ id: number; status: string }[]> {
  return (await api.get<{ jobs: { id: number; status: string }[] }>('/api/jobs')).jobs;
}

/** A service whose runners work for ever. */
async function endlessService(): Promise<Service> {
  process.env.MISBEHAVIOUR = 'works until it is stopped';
  return await serviceOf(ownConfig({ port: 0 }), { runnerPath: MISBEHAVING_RUNNER });
}

async function becomes({ heard }: Service, id: number, status: string): Promise<void> {
  await heard(id, (news) => (news.type === 'state' && news.status === status) || undefined);
}

describe("OpenAI's client", () => {
  it('gets the text in every form, from one job', async () => {
    const service = await serviceOf(ownConfig({ port: 0 }));
    const path = await speak(SPEECH);
    const { audio } = clientOf(service);
    const create = (more: object) =>
      audio.transcriptions.create({
        ...{
          file: createReadStream(path),
          model: 'whisper-1',
          language: 'en',
          prompt: 'a talk',
          temperature: 0.2,
          ...more,
        },
      });
    const { text } = (await create({})) as { text: string };
    expect(text).toMatch(/welcome.*city/);
    expect(await create({ response_format: 'text' })).toBe(`${text}\n`);
    expect(await create({ response_format: 'srt' })).toMatch(/^1\n00:00:0\d,\d{3} --> 00:00:0\d,\d{3}\n/);
    expect(await create({ response_format: 'vtt' })).toMatch(/^WEBVTT\n/);
    const granularities = { timestamp_granularities: ['word', 'segment'] };
    const verbose = (await create({
      response_format: 'verbose_json',
      ...granularities,
    })) as OpenAI.Audio.TranscriptionVerbose;
    expect(verbose).toMatchObject({ task: 'transcribe', language: 'english', text });
    const { segments = [], words = [], duration } = verbose;
    expect(segments.map((segment) => segment.text).join(' ')).toBe(text);
    expect(words.map(({ word }) => word).join(' ')).toBe(text);
    const times = words.flatMap(({ start, end }) => [start, end]);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times.at(-1)).toBeLessThanOrEqual(duration);
    expect(segments[0]).toMatchObject({ id: 0, start: words[0]?.start, avg_logprob: expect.any(Number) });
    expect(await jobsOf(service)).toMatchObject([{ status: 'completed' }]);
    expect(service.uploads()).toHaveLength(1);
  });

  it('sees the models that are installed', async () => {
    const { models } = clientOf(await serviceOf(ownConfig({ port: 0 })));
    expect((await models.list()).data.map(({ id }) => id)).toEqual(['whisper-1', 'en-us']);
    expect(await models.retrieve('en-us')).toMatchObject({ object: 'model', owned_by: 'pocketsphinx' });
    await expect(models.retrieve('gpt-4o-transcribe')).rejects.toMatchObject({
      code: 'model_not_found',
      param: 'model',
    });
  });

  it('is told in its own words what it cannot have, before anything is there', async () => {
    const service = await serviceOf(ownConfig({ port: 0 }));
    const { audio } = clientOf(service);
    const file = await toFile(Buffer.from('sound'), 'a.wav');
    const asked = (more: object) => audio.transcriptions.create({ file, model: 'whisper-1', ...more });
    await expect(asked({ model: '/etc/passwd' })).rejects.toThrow(NotFoundError);
    await expect(asked({ model: 'large' })).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
      param: 'model',
    });
    await expect(asked({ stream: true })).rejects.toMatchObject({ status: 400, param: 'stream' });
    await expect(asked({ response_format: 'diarized_json' })).rejects.toMatchObject({ param: 'response_format' });
    await expect(asked({ language: '../x' })).rejects.toMatchObject({ param: 'language' });
    await expect(asked({ timestamp_granularities: ['letter'] })).rejects.toMatchObject({
      param: 'timestamp_granularities',
    });
    const empty = await toFile(Buffer.alloc(0), 'a.wav');
    await expect(asked({ file: empty })).rejects.toMatchObject({ status: 400, type: 'invalid_request_error' });
    expect(await jobsOf(service)).toEqual([]);
    expect(service.uploads()).toEqual([]);
  });

  it('is told why its recording cannot be transcribed, and asks once', async () => {
    const service = await serviceOf(ownConfig({ port: 0 }));
    const { audio } = clientOf(service);
    const file = await toFile(Buffer.from('this is no sound'), 'a.wav');
    const asked = audio.transcriptions.create({ file, model: 'whisper-1' });
    await expect(asked).rejects.toThrow(BadRequestError);
    await expect(asked).rejects.toMatchObject({ code: 'job_failed_input' });
    expect(await jobsOf(service)).toMatchObject([{ status: 'failed' }]);
  });
});

describe('a client that goes away', () => {
  it('cancels its job', async () => {
    const service = await endlessService();
    const { audio } = clientOf(service);
    const file = await toFile(Buffer.from('sound'), 'a.wav');
    const client = new AbortController();
    const asked = expect(
      audio.transcriptions.create({ file, model: 'whisper-1' }, { signal: client.signal }),
    ).rejects.toThrow('aborted');
    await vi.waitFor(
      async () => expect(await jobsOf(service)).toMatchObject([{ id: 1, status: 'processing' }]),
      60_000,
    );
    client.abort();
    await asked;
    await becomes(service, 1, 'cancelled');
  });

  it('leaves its job to others who wait for it, and one that was handed in otherwise to itself', async () => {
    const { store } = await emptyQueue();
    const [id, others] = [await submit(store), await submit(store)];
    const wanted: number[] = [];
    const clients = new WaitingClients({
      ...{ store, hub: new NewsHub(), queue: queueControlOf(store), unwant: () => false },
      want: (job: number) => wanted.push(job),
    } as unknown as ApiContext);
    const [one, two, three] = [new AbortController(), new AbortController(), new AbortController()];
    const made = { id, filename: 'a.wav', engine: 'pocketsphinx', model: 'en-us' } as const;
    const waits = [
      clients.done(made, one.signal),
      clients.done({ ...made, duplicateOf: { id, status: 'pending' } }, two.signal),
      clients.done({ ...made, id: others, duplicateOf: { id: others, status: 'pending' } }, three.signal),
    ].map((wait) => expect(wait).rejects.toThrow('gone'));
    const leave = async (client: AbortController, wait: Promise<void> | undefined) => {
      client.abort(new Error('gone'));
      await wait;
      return [(await getJob(store, id))?.status, (await getJob(store, others))?.status];
    };
    expect(await leave(one, waits[0])).toEqual(['pending', 'pending']);
    expect(await leave(two, waits[1])).toEqual(['cancelled', 'pending']);
    expect(await leave(three, waits[2])).toEqual(['cancelled', 'pending']);
    expect(wanted).toEqual([id, others]);
  });

  it('does not do so because the service ends: its job goes on with the next one', async () => {
    const service = await endlessService();
    const file = await toFile(Buffer.from('sound'), 'a.wav');
    const { audio } = new OpenAI({ baseURL: `${service.url}/v1`, apiKey: 'none', maxRetries: 0 });
    const asked = expect(audio.transcriptions.create({ file, model: 'whisper-1' })).rejects.toThrow(/[Cc]onnection/);
    await vi.waitFor(async () => expect(await jobsOf(service)).toMatchObject([{ status: 'processing' }]), 60_000);
    await service.owner.close();
    await asked;
    const next = await serviceOf({ ...service.config, port: 0 }, { runnerPath: MISBEHAVING_RUNNER });
    await becomes(next, 1, 'processing');
    expect((await next.job(1)).history.map(({ sentence }) => sentence).join('\n')).not.toMatch(/ancel/);
  });
});
