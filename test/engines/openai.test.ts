import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { LonghandError } from '../../src/domain/errors.ts';
import type { AudioSlice, EngineSettings } from '../../src/engines/engine.ts';
import { createOpenAiEngine, openai } from '../../src/engines/openai.ts';
import { write } from '../support/media.ts';
import { scratchDir, scratchPath } from '../support/scratch.ts';

const KEY = 'sk-very-secret-0815';
const VERBOSE = {
  task: 'transcribe',
  language: 'english',
  duration: 2,
  text: ' Hello, world. It\'s "me"!',
  words: [
    { word: 'Hello', start: 0, end: 0.5 },
    { word: 'world', start: 0.5, end: 1 },
    { word: "It's", start: 1.2, end: 1.4 },
    { word: 'me', start: 1.4, end: 1.9 },
  ],
  segments: [{ id: 0, start: 0, end: 1, text: ' Hello, world.', avg_logprob: Math.log(0.8) }],
};

interface Call {
  request: IncomingMessage;
  body: Buffer;
}
type Answer = (call: Call, response: ServerResponse) => void;

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A server that gives these answers one after another, the last one again and again. */
async function serve(...answers: Answer[]) {
  const calls: Call[] = [];
  const waiting: (() => void)[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const call = { request, body: Buffer.concat(parts) };
      const answer = answers[Math.min(calls.length, answers.length - 1)]!;
      calls.push(call);
      for (const resolve of waiting.splice(0)) resolve();
      answer(call, response);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const openaiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const called = () => new Promise<void>((resolve) => waiting.push(resolve));
  return { calls, called, settings: { cacheDir: scratchDir, openaiUrl, openaiKey: KEY } };
}

const json =
  (value: unknown, status = 200, headers: Record<string, string> = {}): Answer =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof value === 'string' ? value : JSON.stringify(value));
  };

/** Two seconds of samples that count up, in the middle of a file. */
async function slice(): Promise<AudioSlice> {
  const samples = Int16Array.from({ length: 64_000 }, (_, i) => i % 30_000);
  const audioPath = await write('audio ไทย.raw', new Uint8Array(samples.buffer));
  return { audioPath, startSample: 16_000, endSample: 48_000 };
}

const pauses: number[] = [];
const engine = createOpenAiEngine({
  retryDelaysMs: [1_000, 2_000, 4_000],
  sleep: async (ms) => void pauses.push(ms),
});

async function worker(settings: EngineSettings, language = 'en', from = engine) {
  pauses.length = 0;
  const model = await from.resolveModel('auto', settings);
  return from.openWorker({ settings, model, language, threads: 1, scratchDir, onLine: () => {} });
}

async function failure(work: Promise<unknown>): Promise<LonghandError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LonghandError);
  const { message, evidence = '', remedy = '' } = error as LonghandError;
  expect(message + evidence + remedy).not.toContain(KEY);
  return error as LonghandError;
}

describe('a chunk', () => {
  test('is sent as a WAV with the key, the model and the language', async () => {
    const { settings, calls } = await serve(json(VERBOSE));
    await (await worker(settings)).transcribe(await slice());
    expect(calls).toHaveLength(1);
    const { request, body } = calls[0]!;
    expect(request.method).toBe('POST');
    expect(request.url).toBe('/v1/audio/transcriptions');
    expect(request.headers.authorization).toBe(`Bearer ${KEY}`);
    const form = await new Response(body, { headers: { 'content-type': request.headers['content-type']! } }).formData();
    expect(form.get('model')).toBe('whisper-1');
    expect(form.get('language')).toBe('en');
    expect(form.get('response_format')).toBe('verbose_json');
    expect(form.getAll('timestamp_granularities[]')).toEqual(['word', 'segment']);
    const wav = Buffer.from(await (form.get('file') as Blob).arrayBuffer());
    expect(wav.toString('latin1', 0, 4) + wav.toString('latin1', 8, 16)).toBe('RIFFWAVEfmt ');
    expect(wav.readUInt32LE(4)).toBe(wav.length - 8);
    expect([wav.readUInt16LE(22), wav.readUInt32LE(24), wav.readUInt16LE(34)]).toEqual([1, 16_000, 16]);
    expect(wav.readUInt32LE(40)).toBe(64_000);
    expect(wav.readInt16LE(44)).toBe(16_000);
    expect(wav.readInt16LE(44 + 63_998)).toBe(47_999 % 30_000);
  });

  test('comes back as words with their punctuation, times and confidence', async () => {
    const { settings } = await serve(json(VERBOSE));
    const words = await (await worker(settings)).transcribe(await slice());
    expect(words.map((word) => word.text)).toEqual(['Hello,', 'world.', "It's", '"me"!']);
    expect(words[0]).toMatchObject({ startMs: 0, endMs: 500 });
    expect(words[0]!.confidence).toBeCloseTo(0.8);
    expect(words[3]).toEqual({ text: '"me"!', startMs: 1400, endMs: 1900, confidence: 0.5 });
  });

  test('words that are written without spaces join, and a word of its own probability keeps it', async () => {
    const words = [
      { word: 'สวัสดี', start: 0, end: 0.6, probability: 0.9 },
      { word: 'ครับ', start: 0.6, end: 1, probability: 0.7 },
      { word: 'OK', start: 1, end: 1.4 },
    ];
    const { settings } = await serve(json({ text: 'สวัสดีครับ OK', words }));
    expect(await (await worker(settings, 'th')).transcribe(await slice())).toEqual([
      { text: 'สวัสดี', startMs: 0, endMs: 600, confidence: 0.9 },
      { text: 'ครับ', startMs: 600, endMs: 1000, confidence: 0.7, joinsPrevious: true },
      { text: 'OK', startMs: 1000, endMs: 1400, confidence: 0.5 },
    ]);
  });

  test('with segments only: words are spread over them', async () => {
    const { settings } = await serve(
      json({ text: 'one three', segments: [{ text: ' one three', start: 0.4, end: 1.2, avg_logprob: 0 }] }),
    );
    expect(await (await worker(settings)).transcribe(await slice())).toEqual([
      { text: 'one', startMs: 400, endMs: 700, confidence: 1 },
      { text: 'three', startMs: 700, endMs: 1200, confidence: 1 },
    ]);
  });

  test('with text only: words are spread over the slice; Thai is divided into words', async () => {
    const { settings } = await serve(json({ text: 'one two' }), json({ text: 'สวัสดีครับ' }), json({ text: '' }));
    const open = await worker(settings);
    expect(await open.transcribe(await slice())).toEqual([
      { text: 'one', startMs: 0, endMs: 1000, confidence: 0.5 },
      { text: 'two', startMs: 1000, endMs: 2000, confidence: 0.5 },
    ]);
    const thai = await open.transcribe(await slice());
    expect(thai.map((word) => word.text).join('')).toBe('สวัสดีครับ');
    expect(thai.slice(1).every((word) => word.joinsPrevious)).toBe(true);
    expect(await open.transcribe(await slice())).toEqual([]);
  });

  test('words that the text does not hold stay as they are', async () => {
    const words = [
      { word: 'alpha', start: 0, end: 0.5 },
      { word: 'gamma', start: 0.5, end: 1 },
      { word: 'beta', start: 1, end: 1.5 },
    ];
    const { settings } = await serve(json({ text: 'Alpha, beta.', words }));
    const heard = await (await worker(settings)).transcribe(await slice());
    expect(heard.map((word) => word.text)).toEqual(['Alpha,', 'gamma', 'beta.']);
  });

  test.each([
    ['no JSON', 'Hello'],
    ['no object', 'null'],
    ['no text', '{}'],
    ['times that are none', '{"text":"a","words":[{"word":"a","start":"0","end":1}]}'],
    ['segments that are none', '{"text":"a","segments":{}}'],
    ['times beyond the slice', '{"text":"a","words":[{"word":"a","start":100,"end":101}]}'],
    ['times that end before they begin', '{"text":"a","words":[{"word":"a","start":1,"end":0.5}]}'],
  ])('%s is no answer', async (_, body) => {
    const { settings } = await serve(json(body));
    expect((await failure((await worker(settings)).transcribe(await slice()))).kind).toBe('engine');
  });
});

describe('language', () => {
  test('is asked of the server, which may name it in English', async () => {
    const { settings, calls } = await serve(
      json({ text: 'x', language: 'Thai' }),
      json({ text: 'x', language: 'de' }),
      json({ text: 'x' }),
    );
    const model = await engine.resolveModel('auto', settings);
    const options = { settings, model, language: 'und', threads: 1, scratchDir, onLine: () => {} };
    const detect = async () => engine.detectLanguage!(await slice(), options);
    expect([await detect(), await detect(), await detect()]).toEqual(['th', 'de', 'und']);
    expect(calls[0]!.body.includes('name="language"')).toBe(false);
    expect(engine.languages).toBe('any');
  });
});

describe('a server in trouble', () => {
  test('429 and 5xx are tried again, with growing pauses or as long as it asks', async () => {
    const { settings, calls } = await serve(
      json('', 503),
      json('', 429, { 'retry-after': '7' }),
      json('', 500),
      json(VERBOSE),
    );
    expect(await (await worker(settings)).transcribe(await slice())).toHaveLength(4);
    expect(calls).toHaveLength(4);
    expect(pauses).toEqual([1_000, 7_000, 4_000]);
  });

  test('in the end it is given up, with what it said', async () => {
    const { settings, calls } = await serve(json(`overloaded ${KEY}`, 503));
    const error = await failure((await worker(settings)).transcribe(await slice()));
    expect(error).toMatchObject({ kind: 'network', evidence: 'HTTP 503: overloaded [key]' });
    expect(calls).toHaveLength(4);
  });

  test('a pause of an hour is not waited for', async () => {
    const { settings, calls } = await serve(json('', 429, { 'retry-after': '3600' }));
    expect((await failure((await worker(settings)).transcribe(await slice()))).kind).toBe('network');
    expect(calls).toHaveLength(1);
  });

  test('a connection that breaks is tried again', async () => {
    const { settings } = await serve((call) => call.request.socket.destroy(), json(VERBOSE));
    expect(await (await worker(settings)).transcribe(await slice())).toHaveLength(4);
  });

  test('nobody there: says which server, and what to check', async () => {
    const { settings } = await serve(json(VERBOSE));
    const server = servers.pop()!;
    await new Promise((resolve) => server.close(resolve));
    const error = await failure((await worker(settings)).transcribe(await slice()));
    expect(error).toMatchObject({ kind: 'network', remedy: expect.stringContaining('LONGHAND_OPENAI_URL') });
    expect(error.message).toMatch(/127\.0\.0\.1:\d+ cannot be reached: ECONNREFUSED/);
  });

  test.each([401, 403])('%d: the key is wrong, and it is not tried again', async (status) => {
    const { settings, calls } = await serve(json(`Incorrect API key provided: ${KEY}`, status));
    const error = await failure((await worker(settings)).transcribe(await slice()));
    expect(error).toMatchObject({ kind: 'usage', remedy: expect.stringContaining('LONGHAND_OPENAI_KEY') });
    expect(calls).toHaveLength(1);
  });

  test('404 is about the model or the address; another refusal about the chunk', async () => {
    const { settings } = await serve(json('no such model', 404), json('too long', 413));
    const open = await worker(settings);
    expect(await failure(open.transcribe(await slice()))).toMatchObject({
      kind: 'model',
      remedy: expect.stringContaining('--model'),
    });
    expect((await failure(open.transcribe(await slice()))).kind).toBe('engine');
  });

  test('no answer: a time-out', async () => {
    const { settings } = await serve(() => {});
    const hasty = createOpenAiEngine({ requestTimeoutMs: 50, retryDelaysMs: [] });
    const error = await failure((await worker(settings, 'en', hasty)).transcribe(await slice()));
    expect(error).toMatchObject({ kind: 'network', message: expect.stringContaining('no answer within 0.05 s') });
  });

  test('half an answer: a time-out too', async () => {
    const { settings } = await serve((_, response) => {
      response.writeHead(200);
      response.write('{"text":');
    });
    const hasty = createOpenAiEngine({ requestTimeoutMs: 200, retryDelaysMs: [] });
    expect((await failure((await worker(settings, 'en', hasty)).transcribe(await slice()))).kind).toBe('network');
  });

  test('a redirection is not followed: the recording goes nowhere else', async () => {
    const elsewhere = await serve(json(VERBOSE));
    const { settings } = await serve(
      json('', 307, { location: `${elsewhere.settings.openaiUrl}/audio/transcriptions` }),
    );
    expect((await failure((await worker(settings)).transcribe(await slice()))).kind).toBe('network');
    expect(elsewhere.calls).toHaveLength(0);
  });
});

describe('a worker', () => {
  test('closed in the middle of a chunk: the request is given up', async () => {
    const { settings, called } = await serve(() => {});
    const open = await worker(settings);
    const arrived = called();
    const error = failure(open.transcribe(await slice()));
    await arrived;
    await Promise.all([open.close(), open.close()]);
    expect((await error).kind).toBe('engine');
    expect(await open.exited).toEqual({ code: 0, signal: null });
    expect((await failure(open.transcribe(await slice()))).kind).toBe('engine');
    expect(open.pid).toBeUndefined();
  });

  test('audio that is shorter than its chunk is an error', async () => {
    const { settings } = await serve(json(VERBOSE));
    const short = { ...(await slice()), endSample: 100_000 };
    expect((await failure((await worker(settings)).transcribe(short))).kind).toBe('engine');
  });
});

describe('check', () => {
  test('tells whether the server answers and takes the key', async () => {
    const { settings } = await serve(json('{"data":[]}'), json('', 404), json('', 401));
    expect(await openai.check(settings)).toMatchObject({
      available: true,
      detail: expect.stringContaining('127.0.0.1'),
    });
    expect((await openai.check(settings)).available).toBe(true);
    expect(await openai.check(settings)).toMatchObject({
      available: false,
      remedy: expect.stringContaining('LONGHAND_OPENAI_KEY'),
    });
  });

  test('without a server, or with an address that is none', async () => {
    const cacheDir = scratchPath('cache');
    expect(await openai.check({ cacheDir })).toMatchObject({
      available: false,
      remedy: expect.stringContaining('LONGHAND_OPENAI_URL'),
    });
    expect((await openai.check({ cacheDir, openaiUrl: 'file:///etc/passwd' })).available).toBe(false);
    expect((await openai.check({ cacheDir, openaiUrl: 'nonsense' })).available).toBe(false);
    await expect(worker({ cacheDir })).rejects.toMatchObject({ kind: 'usage' });
  });
});
