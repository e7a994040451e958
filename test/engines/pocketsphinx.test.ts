import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { EngineError, ModelError } from '../../src/domain/errors.ts';
import type { AudioSlice, EngineWorker, WorkerOptions } from '../../src/engines/engine.ts';
import { pocketsphinx } from '../../src/engines/pocketsphinx.ts';
import { PocketSphinxAnswer } from '../../src/engines/pocketsphinx-answer.ts';
import { readModelFolder } from '../../src/engines/pocketsphinx-install.ts';
import { garbage, rawOf, write } from '../support/media.ts';
import { scratchPath } from '../support/scratch.ts';
import { smallModelFolder } from '../support/small-model.ts';
import { speak } from '../support/speech.ts';

const settings = { cacheDir: scratchPath('cache') };
const SENTENCE = 'the people of the city were very happy to see the train';
const FOX = 'the quick brown fox jumps over the lazy dog and then he went home to sleep';
/** Names that a control line could not hold. */
let speech: string;
let other: string;
const opened: EngineWorker[] = [];
const lines: string[] = [];

beforeAll(async () => {
  speech = await rawOf(await speak(SENTENCE), "a speaker's name ๑ 🎙.raw");
  other = await rawOf(
    await speak('one winter night there was so much snow that no train could leave', { voice: 'rms' }),
    'other.raw',
  );
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((worker) => worker.close()));
  expect(readdirSync(scratch())).toEqual([]);
  lines.length = 0;
});

function scratch(): string {
  mkdirSync(scratchPath('scratch dir'), { recursive: true });
  return scratchPath('scratch dir');
}

async function optionsFor(changes: Partial<WorkerOptions> = {}): Promise<WorkerOptions> {
  const model = await pocketsphinx.resolveModel(await smallModelFolder(), settings);
  const onLine = (line: string) => lines.push(line);
  return { settings, model, language: 'en', threads: 1, scratchDir: scratch(), onLine, ...changes };
}

async function open(changes: Partial<WorkerOptions> = {}): Promise<EngineWorker> {
  const worker = await pocketsphinx.openWorker(await optionsFor(changes));
  opened.push(worker);
  return worker;
}

function whole(audioPath: string): AudioSlice {
  return { audioPath, startSample: 0, endSample: statSync(audioPath).size / 2 };
}

/** The sentence eight times over: long enough to be interrupted. */
async function longSlice(): Promise<AudioSlice> {
  const one = readFileSync(speech);
  return whole(await write('long.raw', Buffer.concat(new Array(8).fill(one))));
}

/** CPU seconds that a process has used, in clock ticks. */
function ticks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

/** Waits until the process is at work on what it was given. */
async function untilBusy(pid: number): Promise<void> {
  const before = ticks(pid);
  while (ticks(pid) < before + 10) await new Promise((resolve) => setImmediate(resolve));
}

describe('words', () => {
  test('with times and confidence', async () => {
    const worker = await open({ model: await pocketsphinx.resolveModel('auto', settings) });
    const fox = await rawOf(await speak(FOX), 'fox.raw');
    const words = await worker.transcribe(whole(fox));
    const text = words.map((word) => word.text).join(' ');
    expect(text).toContain('the quick brown fox jumps over the lazy dog');
    expect(words.some((word) => /[<>[\]()+]/.test(word.text))).toBe(false);
    const durationMs = statSync(fox).size / 32;
    let lastStartMs = 0;
    for (const word of words) {
      expect(word.startMs).toBeGreaterThanOrEqual(lastStartMs);
      expect(word.endMs).toBeGreaterThan(word.startMs);
      expect(word.endMs).toBeLessThanOrEqual(durationMs);
      expect(word.confidence).toBeGreaterThanOrEqual(0);
      expect(word.confidence).toBeLessThanOrEqual(1);
      lastStartMs = word.startMs;
    }
    expect(words.at(-1)!.endMs).toBeGreaterThan(durationMs * 0.8);
  });

  test('of a slice do not depend on what was decoded before', async () => {
    const alone = await (await open()).transcribe(whole(speech));
    const worker = await open();
    await worker.transcribe(whole(other));
    await worker.transcribe({ audioPath: other, startSample: 8_000, endSample: 24_000 });
    expect(await worker.transcribe(whole(speech))).toEqual(alone);
    expect(await worker.transcribe(whole(speech))).toEqual(alone);
  });

  test('are those that a bare pocketsphinx_batch finds', async () => {
    const { acoustic, languageModel, dictionary } = await readModelFolder(await smallModelFolder());
    const folder = scratchPath('bare');
    mkdirSync(folder);
    symlinkSync(speech, join(folder, 'a.raw'));
    writeFileSync(join(folder, 'list'), 'a 0 -1 bare\n');
    execFileSync(
      'pocketsphinx_batch',
      [
        ...['-hmm', acoustic, '-lm', languageModel, '-dict', dictionary],
        ...['-adcin', 'yes', '-cepdir', folder, '-cepext', '.raw', '-cmn', 'batch', '-remove_silence', 'no'],
        ...['-ctl', join(folder, 'list'), '-hyp', join(folder, 'hyp')],
      ],
      { stdio: 'ignore' },
    );
    const bare = readFileSync(join(folder, 'hyp'), 'utf8').replace(/ \(bare .*/s, '');
    const words = await (await open()).transcribe(whole(speech));
    expect(words.map((word) => word.text).join(' ')).toBe(bare);
  });

  test('of a range in the middle are timed from its start', async () => {
    const gap = Buffer.alloc(32_000 * 5);
    const audioPath = await write('middle.raw', Buffer.concat([gap, readFileSync(speech), gap]));
    const worker = await open();
    const alone = await worker.transcribe(whole(speech));
    const start = 16_000 * 5;
    const inside = await worker.transcribe({
      audioPath,
      startSample: start,
      endSample: start + statSync(speech).size / 2,
    });
    expect(inside.map((word) => word.text)).toEqual(alone.map((word) => word.text));
    for (const [i, word] of inside.entries())
      expect(Math.abs(word.startMs - alone[i]!.startMs)).toBeLessThanOrEqual(100);
    const unaligned = await worker.transcribe({ audioPath, startSample: start + 77, endSample: start + 40_000 });
    expect(unaligned.length).toBeGreaterThan(0);
  });

  test('at the end of forty hours are the same as at the beginning', async () => {
    const startSample = 40 * 3_600 * 16_000;
    const audioPath = scratchPath('forty hours.raw');
    writeFileSync(audioPath, '');
    const file = openSync(audioPath, 'r+'); // Sparse: the hours before take no space.
    writeSync(file, readFileSync(speech), 0, statSync(speech).size, startSample * 2);
    closeSync(file);
    const worker = await open();
    const late = await worker.transcribe({
      audioPath,
      startSample,
      endSample: startSample + statSync(speech).size / 2,
    });
    expect(late).toEqual(await worker.transcribe(whole(speech)));
  });

  test('of less than 30 ms there are none; garbage gives some answer, and the worker goes on', async () => {
    const worker = await open();
    const noise = await write('garbage.raw', garbage(64_000));
    expect(await worker.transcribe({ audioPath: speech, startSample: 0, endSample: 300 })).toEqual([]);
    expect(Array.isArray(await worker.transcribe(whole(noise)))).toBe(true);
    expect((await worker.transcribe(whole(speech))).length).toBeGreaterThan(10);
  });
});

describe('when it fails', () => {
  test('killed in the middle of a chunk: an error at once, and a fresh worker does the chunk', async () => {
    const worker = await open();
    const transcribing = worker.transcribe(await longSlice());
    transcribing.catch(() => undefined); // Looked at below.
    await untilBusy(worker.pid!);
    process.kill(worker.pid!, 'SIGKILL');
    await expect(transcribing).rejects.toThrow(EngineError);
    await expect(transcribing).rejects.toThrow('PocketSphinx was ended by SIGKILL while it was needed.');
    expect(await worker.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await expect(worker.transcribe(whole(speech))).rejects.toThrow(EngineError);
    expect((await (await open()).transcribe(whole(speech))).length).toBeGreaterThan(10);
  });

  test('stopped: close ends it and the chunk', async () => {
    const worker = await open();
    const transcribing = worker.transcribe(await longSlice());
    transcribing.catch(() => undefined); // Looked at below.
    await untilBusy(worker.pid!);
    process.kill(worker.pid!, 'SIGSTOP');
    await Promise.all([worker.close(), worker.close()]);
    await expect(transcribing).rejects.toThrow(EngineError);
    expect(() => process.kill(worker.pid!, 0)).toThrow('ESRCH');
    expect(await worker.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('closed while idle: nothing is left, and it takes no more', async () => {
    const worker = await open();
    await worker.close();
    expect(readdirSync(scratch())).toEqual([]);
    await expect(worker.transcribe(whole(speech))).rejects.toThrow(EngineError);
  });

  test('audio that is missing or short is an error and not an empty answer', async () => {
    const worker = await open();
    const slice = whole(speech);
    await expect(worker.transcribe({ ...slice, audioPath: scratchPath('none.raw') })).rejects.toThrow(
      /cannot be read \(ENOENT\)/,
    );
    await expect(worker.transcribe({ ...slice, endSample: slice.endSample + 1 })).rejects.toThrow(
      /shorter than its chunk/,
    );
    expect((await worker.transcribe(slice)).length).toBeGreaterThan(10);
  });

  test('audio that vanishes after it was looked at is no wait without end', async () => {
    const worker = await open();
    const path = await write('vanishing.raw', readFileSync(speech));
    await worker.transcribe(whole(path)); // The link to it is there now.
    const slice = whole(path);
    const folder = join(scratch(), readdirSync(scratch())[0]!);
    rmSync(join(folder, 'a1.raw')); // a0 is the silence it starts with.
    await expect(worker.transcribe(slice)).rejects.toThrow('PocketSphinx cannot open the audio.');
    expect(lines.join('\n')).toContain('Failed to open');
  });

  test('two slices at a time are refused', async () => {
    const worker = await open();
    const first = worker.transcribe(whole(speech));
    await expect(worker.transcribe(whole(speech))).rejects.toThrow(EngineError);
    expect((await first).length).toBeGreaterThan(10);
  });
});

describe('models', () => {
  test('auto is the English one that is installed; check tells where', async () => {
    const model = await pocketsphinx.resolveModel('auto', settings);
    expect(model).toMatchObject({ name: 'en-us', reason: expect.any(String) });
    const check = await pocketsphinx.check(settings);
    expect(check.available).toBe(true);
    expect(check.detail).toContain(model.path!);
    expect(await pocketsphinx.resolveModel(model.path!, settings)).toEqual({ name: 'en-us', path: model.path });
  });

  test('unknown names and folders without a model are refused', async () => {
    await expect(pocketsphinx.resolveModel('large', settings)).rejects.toThrow(
      'PocketSphinx has no model "large"; it has en-us.',
    );
    await expect(pocketsphinx.resolveModel(scratch(), settings)).rejects.toThrow(/lacks an acoustic model.*dictionary/);
    await expect(pocketsphinx.resolveModel(scratchPath('nowhere'), settings)).rejects.toThrow(ModelError);
  });

  test('a damaged model is told when the worker is opened, and nothing is left', async () => {
    const path = (await pocketsphinx.resolveModel('auto', settings)).path!;
    const folder = scratchPath('broken model');
    mkdirSync(join(folder, 'en-us'), { recursive: true });
    writeFileSync(join(folder, 'en-us', 'mdef'), garbage(5_000));
    writeFileSync(join(folder, 'en-us.lm.bin'), garbage(5_000));
    symlinkSync(join(path, 'cmudict-en-us.dict'), join(folder, 'words.dict'));
    const model = await pocketsphinx.resolveModel(folder, settings);
    await expect(pocketsphinx.openWorker(await optionsFor({ model }))).rejects.toThrow(
      /does not start with the model broken model/,
    );
  });

  test('not installed: check and resolve say what to run', async () => {
    const path = process.env.PATH;
    process.env.PATH = dirname(process.execPath);
    try {
      if (spawnSync('pocketsphinx_batch').error === undefined) return; // Installed beside node.
      expect(await pocketsphinx.check(settings)).toMatchObject({
        available: false,
        remedy: expect.stringMatching(/^Run: /),
      });
    } finally {
      process.env.PATH = path;
    }
  });
});

describe('answers', () => {
  const answer = () => new PocketSphinxAnswer('u7', 2_000);

  test('fillers go, pronunciations are one word', () => {
    const a = answer();
    a.addHypothesis('<s> i read(2) [NOISE] ++BREATH++ it (u7 -4420)');
    a.addTime('u7 1 0.00 0.10 <s> 1.000');
    a.addTime('u7 1 0.15 0.11 i 0.788');
    a.addTime('u7 1 0.27 0.28 read(2) 1.001');
    expect(a.complete()).toBeUndefined();
    a.addTime('u7 1 0.56 0.36 it 1e-3'.replace('1e-3', '0.001'));
    expect(a.complete()).toEqual([
      { text: 'i', startMs: 150, endMs: 260, confidence: 0.788 },
      { text: 'read', startMs: 270, endMs: 550, confidence: 1 },
      { text: 'it', startMs: 560, endMs: 920, confidence: 0.001 },
    ]);
  });

  test('no words are an answer too', () => {
    const a = answer();
    a.addHypothesis(' (u7 -443)');
    expect(a.complete()).toEqual([]);
  });

  test.each(['', 'words without an id', 'words (u6 -1)', 'words (u7)'])('a hyp line that is none: %j', (line) => {
    expect(() => answer().addHypothesis(line)).toThrow(EngineError);
  });

  test.each([
    '',
    'u6 1 0.10 0.10 word 0.5',
    'u7 1 0.10 nan word 0.5',
    'u7 1 1.90 0.20 word 0.5',
    'u7 1 0.10 0.10 word',
  ])('a ctm line that is none: %j', (line) => {
    expect(() => answer().addTime(line)).toThrow(EngineError);
  });

  test('times that run backwards and words that differ', () => {
    const a = answer();
    a.addHypothesis('one two (u7 -1)');
    a.addTime('u7 1 0.50 0.10 one 0.5');
    expect(() => a.addTime('u7 1 0.40 0.10 two 0.5')).toThrow(EngineError);
    a.addTime('u7 1 0.60 0.10 three 0.5');
    expect(() => a.complete()).toThrow(EngineError);
  });
});
