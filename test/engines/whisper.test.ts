import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AudioSlice, EngineWorker, WorkerOptions } from '../../src/engines/engine.ts';
import { findWhisper, whisper } from '../../src/engines/whisper.ts';
import { builtWhisper, installWhisper, WHISPER_VERSION } from '../../src/engines/whisper-build.ts';
import { tagOfWhisperCode, WHISPER_LANGUAGES, whisperCodeOf } from '../../src/engines/whisper-languages.ts';
import { startWhisper } from '../../src/engines/whisper-process.ts';
import { parseWhisperAnswer, wordsOf } from '../../src/engines/whisper-words.ts';
import { findProgram } from '../../src/native/spawn.ts';
import { TONE_HZ, writeGgmlModel } from '../support/ggml-model.ts';
import { WHISPER_BUILD_CACHE, WHISPER_BUILD_TIMEOUT_MS, whisperEngineFolder } from '../support/shared-whisper.ts';

const RATE = 16_000;

let root: string;
let cacheDir: string;
let scratchDir: string;
let modelPath: string;
let audioPath: string;

/** The raw file holds 5 s without the tone, 5 s with it, then 30 s without. */
const quiet = (): AudioSlice => ({ audioPath, startSample: 0, endSample: 5 * RATE });
const tone = (): AudioSlice => ({ audioPath, startSample: 5 * RATE, endSample: 10 * RATE });

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'longhand-whisper-'));
  // What whisper.test.ts needs of the cache: the engine that was built once, and models of its own.
  cacheDir = join(root, 'cache');
  mkdirSync(join(cacheDir, 'models'), { recursive: true });
  const engines = await whisperEngineFolder();
  if (engines) symlinkSync(engines, join(cacheDir, 'engines'));
  modelPath = join(cacheDir, 'models', 'ggml-base.bin');
  const thai = Buffer.from('ดี');
  writeGgmlModel(modelPath, {
    script: [
      ...[0, ' And', ' so', ',', ' my', ' fel', 'low', { quiet: ' quiet', tone: ' loud' }, ' Amer', 'icans', '.', 2, 2],
      // 'สวัสดีครับ' with a character that is split between two tokens, then Chinese.
      ...['สวัส', thai.subarray(0, 2), thai.subarray(2), 'ครับ', 3, 3, '今天', '天气', '。', 5],
    ],
  });
  audioPath = join(root, 'it\'s a "raw" file\n– ไทย.s16le');
  writeFileSync(audioPath, Buffer.concat([hiss(5), sine(5), hiss(30)]));
}, WHISPER_BUILD_TIMEOUT_MS);

afterAll(() => rmSync(root, { recursive: true, force: true }));

beforeEach(() => {
  scratchDir = mkdtempSync(join(root, 'scratch-'));
});

function sine(seconds: number): Buffer {
  const samples = Buffer.alloc(seconds * RATE * 2);
  for (let i = 0; i < seconds * RATE; i++) {
    samples.writeInt16LE(Math.round(12_000 * Math.sin((2 * Math.PI * TONE_HZ * i) / RATE)), i * 2);
  }
  return samples;
}

/** Faint high noise, the same in every run. */
function hiss(seconds: number): Buffer {
  const samples = Buffer.alloc(seconds * RATE * 2);
  let state = 1;
  for (let i = 0; i < seconds * RATE; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    samples.writeInt16LE(Math.round((state / 2 ** 32 - 0.5) * 400) * (i % 2 ? 1 : -1), i * 2);
  }
  return samples;
}

function options(more: Partial<WorkerOptions> = {}): WorkerOptions {
  return {
    settings: { cacheDir },
    model: { name: 'base', path: modelPath },
    language: 'en',
    threads: 2,
    scratchDir,
    onLine: () => {},
    ...more,
  };
}

async function withWorker<T>(more: Partial<WorkerOptions>, use: (worker: EngineWorker) => Promise<T>): Promise<T> {
  const worker = await whisper.openWorker(options(more));
  try {
    return await use(worker);
  } finally {
    await worker.close();
  }
}

const said = (words: { text: string; joinsPrevious?: boolean }[]) =>
  words.map((word, i) => (i === 0 || word.joinsPrevious ? word.text : ` ${word.text}`)).join('');

/** No process has this pid, or it is a zombie that nobody has to fear. */
function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

describe('transcribing with whisper-cli', () => {
  test('gives words with times and confidence', async () => {
    const words = await withWorker({}, (worker) => worker.transcribe(quiet()));
    expect(said(words)).toBe('And so, my fellow quiet Americans. สวัสดีครับ今天天气。'.replace('. ส', '.ส'));
    expect(words.map((word) => word.text)).toEqual([
      'And',
      'so,',
      'my',
      'fellow',
      'quiet',
      'Americans.',
      'สวัสดี',
      'ครับ',
      '今天',
      '天气。',
    ]);
    let last = 0;
    for (const word of words) {
      expect(word.startMs).toBeGreaterThanOrEqual(last);
      expect(word.endMs).toBeGreaterThanOrEqual(word.startMs);
      expect(word.endMs).toBeLessThanOrEqual(5_000);
      expect(word.confidence).toBeGreaterThan(0.3);
      expect(word.confidence).toBeLessThanOrEqual(1);
      last = word.startMs;
    }
    expect(words[0]?.startMs).toBeLessThan(500);
    expect(words.find((word) => word.text === 'ครับ')).toMatchObject({ joinsPrevious: true });
    expect(words.find((word) => word.text === '今天')?.startMs).toBeGreaterThanOrEqual(2_900);
  });

  test('hears the slice it was given, and the same whatever came before', async () => {
    const alone = await withWorker({}, (worker) => worker.transcribe(tone()));
    expect(said(alone)).toContain('fellow loud Americans');
    await withWorker({}, async (worker) => {
      expect(said(await worker.transcribe(quiet()))).toContain('fellow quiet Americans');
      expect(await worker.transcribe(tone())).toEqual(alone);
      expect(await worker.transcribe({ ...quiet(), startSample: 12 * RATE, endSample: 40 * RATE })).not.toEqual(alone);
      expect(await worker.transcribe(tone())).toEqual(alone);
    });
  });

  test('a slice of a few samples is no trouble, and no word lies behind its end', async () => {
    await withWorker({}, async (worker) => {
      for (const samples of [1, 800, 3_200]) {
        const words = await worker.transcribe({ audioPath, startSample: 0, endSample: samples });
        for (const word of words) expect(word.endMs).toBeLessThanOrEqual(samples / 16);
      }
    });
  });

  test('leaves nothing in the scratch folder, and what was said in no log', async () => {
    const lines: string[] = [];
    await withWorker({ onLine: (line) => lines.push(line) }, async (worker) => {
      await worker.transcribe(quiet());
      const once = lines.length;
      await worker.transcribe(quiet());
      expect(lines.length).toBe(once);
    });
    expect(lines.join('\n')).toContain('whisper_model_load');
    expect(lines.join('\n')).not.toMatch(/fellow|Americans/);
    expect(readdirSync(scratchDir)).toEqual([]);
  });

  test('the language is recognised from the slice', async () => {
    expect(await whisper.detectLanguage?.(quiet(), options())).toBe('en');
    expect(await whisper.detectLanguage?.(tone(), options())).toBe('th');
    expect(readdirSync(scratchDir)).toEqual([]);
  });

  test('several workers at once do not meet', async () => {
    const [one, two] = await Promise.all([
      withWorker({}, (worker) => worker.transcribe(quiet())),
      withWorker({}, (worker) => worker.transcribe(tone())),
    ]);
    expect(said(one)).toContain('quiet');
    expect(said(two)).toContain('loud');
  });
});

describe('a worker that ends', () => {
  /** Opens a worker and hands it a slice; resolves when its process has spoken. */
  async function busy() {
    let heard = () => {};
    const speaking = new Promise<void>((done) => {
      heard = done;
    });
    const worker = await whisper.openWorker(options({ onLine: () => heard() }));
    const outcome = worker.transcribe(tone()).then(
      () => 'words',
      (error) => error,
    );
    await speaking;
    return { worker, outcome, pid: worker.pid as number };
  }

  test('killed from outside: the slice fails, and the worker is over', async () => {
    const { worker, outcome, pid } = await busy();
    process.kill(pid, 'SIGKILL');
    expect(await outcome).toMatchObject({ kind: 'engine', message: expect.stringContaining('SIGKILL') });
    expect(await worker.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await expect(worker.transcribe(tone())).rejects.toMatchObject({ kind: 'engine' });
    await worker.close();
    expect(readdirSync(scratchDir)).toEqual([]);
  });

  test('closed in the middle of a slice: the process is gone, twice is fine', async () => {
    const { worker, outcome, pid } = await busy();
    expect(isGone(pid)).toBe(false);
    await Promise.all([worker.close(), worker.close()]);
    expect(isGone(pid)).toBe(true);
    expect(await outcome).toMatchObject({ kind: 'engine' });
    expect(await worker.exited).toMatchObject({ signal: 'SIGKILL' });
    expect(worker.pid).toBeUndefined();
    expect(readdirSync(scratchDir)).toEqual([]);
    await worker.close();
  });

  test('closed before and between slices', async () => {
    const worker = await whisper.openWorker(options());
    const closing = worker.close();
    await expect(worker.transcribe(quiet())).rejects.toMatchObject({ kind: 'engine' });
    await closing;
    expect(await worker.exited).toEqual({ code: null, signal: null });
    const late = await whisper.openWorker(options());
    const outcome = late.transcribe(quiet()).catch((error) => error);
    await late.close(); // Before its process was even started.
    expect(await outcome).toMatchObject({ kind: 'engine' });
    expect(readdirSync(scratchDir)).toEqual([]);
  });
});

describe('what is not right is an error, never an empty text', () => {
  const run = async (more: { modelPath?: string; language?: string; program?: string; slice?: AudioSlice }) => {
    const { answer } = await startWhisper({
      program: (await findWhisper(cacheDir)) as string,
      modelPath,
      language: 'en',
      threads: 1,
      slice: quiet(),
      folder: scratchDir,
      onLine: () => {},
      ...more,
    });
    return await answer;
  };

  test('a model that ends after its header: exit 0 and an empty answer', async () => {
    const header = join(root, 'header.bin');
    const file = readFileSync(modelPath);
    // Behind the mel filters stands the count of the vocabulary: an empty one, and there it ends.
    const vocabulary = 48 + 8 + file.readUInt32LE(48) * file.readUInt32LE(52) * 4;
    file.writeUInt32LE(0, vocabulary);
    writeFileSync(header, file.subarray(0, vocabulary + 4));
    await expect(run({ modelPath: header })).rejects.toMatchObject({ kind: 'model' });
    await expect(whisper.openWorker(options({ model: { name: 'x', path: header } }))).rejects.toMatchObject({
      kind: 'model',
    });
    await expect(whisper.resolveModel(header, { cacheDir })).rejects.toMatchObject({ kind: 'model' });
  });

  test('a model that does not load', async () => {
    const garbage = join(root, 'garbage.bin');
    writeFileSync(garbage, 'no model');
    await expect(run({ modelPath: garbage })).rejects.toMatchObject({
      kind: 'model',
      evidence: expect.stringContaining('bad magic'),
    });
  });

  test('a program that ends well without an answer: an unknown language', async () => {
    await expect(run({ language: 'xx' })).rejects.toMatchObject({
      kind: 'engine',
      message: expect.stringContaining('without an answer'),
      evidence: expect.stringContaining('unknown language'),
    });
  });

  test('a program that is not there', async () => {
    await expect(run({ program: join(root, 'nothing') })).rejects.toMatchObject({ kind: 'engine' });
  });

  test('a slice behind the end of the audio', async () => {
    await expect(run({ slice: { audioPath, startSample: 39 * RATE, endSample: 41 * RATE } })).rejects.toMatchObject({
      kind: 'engine',
      message: expect.stringContaining('ends before sample'),
    });
  });

  test('languages that cannot be', async () => {
    await expect(whisper.openWorker(options({ language: 'tlh' }))).rejects.toMatchObject({ kind: 'usage' });
    const english = join(root, 'english.bin');
    writeGgmlModel(english, { script: [0, ' yes', 1], hparams: { vocab: 51_864 } });
    const model = { name: 'base.en', path: english };
    await expect(whisper.openWorker(options({ model, language: 'th' }))).rejects.toMatchObject({ kind: 'usage' });
    expect(await whisper.detectLanguage?.(tone(), options({ model }))).toBe('en');
    expect(readdirSync(scratchDir)).toEqual([]);
  });
});

describe('choosing a model', () => {
  test('by name, alias and path; auto stays open until the recording is known', async () => {
    const settings = { cacheDir };
    expect(await whisper.resolveModel('base', settings)).toEqual({ name: 'base', path: modelPath });
    expect(await whisper.resolveModel('auto', settings)).toEqual({ name: 'auto' });
    expect(await whisper.resolveModel(modelPath, settings)).toEqual({ name: 'ggml-base.bin', path: modelPath });
    await expect(whisper.resolveModel('small', settings)).rejects.toMatchObject({
      kind: 'model',
      remedy: 'Run: longhand models pull small',
    });
    await expect(whisper.resolveModel('smal', settings)).rejects.toThrow("did you mean 'small'");
    await expect(whisper.resolveModel('/nowhere/x.bin', settings)).rejects.toThrow('does not exist');
  });

  test('auto leaves out what is damaged, and says what to do when nothing is left', async () => {
    const own = join(root, 'own-cache');
    mkdirSync(join(own, 'models'), { recursive: true });
    await expect(whisper.resolveModel('auto', { cacheDir: own })).rejects.toMatchObject({
      remedy: expect.stringContaining('pull base'),
    });
    writeFileSync(join(own, 'models', 'ggml-base.bin'), readFileSync(modelPath).subarray(0, 2_000_000));
    await expect(whisper.resolveModel('auto', { cacheDir: own })).rejects.toMatchObject({ kind: 'model' });
    cpSync(modelPath, join(own, 'models', 'ggml-tiny.bin'));
    expect(await whisper.resolveModel('auto', { cacheDir: own })).toEqual({ name: 'auto' });
    await expect(whisper.resolveModel('base', { cacheDir: own })).rejects.toThrow(/damaged/);
  });

  test('check tells program, version and models, or what to install', async () => {
    expect(await whisper.check({ cacheDir })).toEqual({
      available: true,
      detail: expect.stringMatching(/^whisper\.cpp \S+ at \/.*whisper-cli, models: base$/),
    });
    const bare = mkdtempSync(join(root, 'bare-'));
    vi.stubEnv('PATH', bare);
    try {
      expect(await whisper.check({ cacheDir: bare })).toMatchObject({
        available: false,
        remedy: expect.stringContaining('engines install whisper'),
      });
      await expect(whisper.openWorker(options({ settings: { cacheDir: bare } }))).rejects.toMatchObject({
        kind: 'engine',
      });
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test('languages by their tags', () => {
    expect(WHISPER_LANGUAGES).toHaveLength(100);
    expect(new Set(WHISPER_LANGUAGES).size).toBe(100);
    expect(['en-GB', 'TH', 'jv', 'nb', 'zh-Hant', 'xx'].map(whisperCodeOf)).toEqual([
      'en',
      'th',
      'jw',
      'no',
      'zh',
      undefined,
    ]);
    expect(tagOfWhisperCode('jw')).toBe('jv');
  });
});

describe('words from whisper-cli’s answer', () => {
  type HandToken = [text: string, from: number, to: number, p?: number, id?: number];

  /** An answer as whisper-cli 1.9.1 writes it, with tabs and all; texts are latin1 strings of bytes. */
  function answer(language: string, segments: HandToken[][], vocab = 51_865): Buffer {
    const quoted = (text: string) => text.replace(/["\\]/g, (char) => `\\${char}`);
    const bytes = (text: string) => Buffer.from(text, 'utf8').toString('latin1');
    const rows = segments.map((tokens) => {
      const text = tokens
        .filter(([, , , , id = 1_000]) => id < 50_257)
        .map(([piece]) => piece)
        .join('');
      const list = tokens.map(
        ([piece, from, to, p = 0.9, id = 1_000]) =>
          `\t\t\t\t{\n\t\t\t\t\t"text": "${quoted(bytes(piece))}",\n\t\t\t\t\t"timestamps": {\n\t\t\t\t\t\t"from": "00:00:00,000"\n\t\t\t\t\t},\n\t\t\t\t\t"offsets": {\n\t\t\t\t\t\t"from": ${from},\n\t\t\t\t\t\t"to": ${to}\n\t\t\t\t\t},\n\t\t\t\t\t"id": ${id},\n\t\t\t\t\t"p": ${p},\n\t\t\t\t\t"t_dtw": -1\n\t\t\t\t}`,
      );
      return `\t\t{\n\t\t\t"offsets": {\n\t\t\t\t"from": ${tokens[0]?.[1] ?? 0},\n\t\t\t\t"to": ${tokens.at(-1)?.[2] ?? 0}\n\t\t\t},\n\t\t\t"text": "${quoted(bytes(text))}",\n\t\t\t"tokens": [\n${list.join(',\n')}\n\t\t\t]\n\t\t}`;
    });
    const json = `{\n\t"model": {\n\t\t"type": "base",\n\t\t"vocab": ${vocab}\n\t},\n\t"result": {\n\t\t"language": "${language}"\n\t},\n\t"transcription": [\n${rows.join(',\n')}\n\t]\n}\n`;
    return Buffer.from(json, 'latin1');
  }

  const wordsIn = (language: string, segments: HandToken[][], durationMs = 28_000) =>
    wordsOf(parseWhisperAnswer(answer(language, segments)), durationMs);

  test('English: sub-words, punctuation, apostrophes and numbers; special tokens are left out', () => {
    const words = wordsIn('en', [
      [
        ['[_BEG_]', 0, 0, 0.99, 50_364],
        [' Don', 0, 100, 0.8],
        ["'t", 100, 200, 0.6],
        [' say', 200, 400],
        [' "', 400, 410],
        ['hello', 410, 600],
        [',"', 600, 620],
        [' 1', 700, 800],
        [',', 800, 810],
        ['250', 810, 1_000],
        [' times', 1_000, 1_300],
        ['!', 1_300, 1_320],
        ['[_TT_66]', 1_320, 1_320, 0.4, 50_430],
      ],
    ]);
    expect(words.map((word) => word.text)).toEqual(["Don't", 'say', '"hello,"', '1,250', 'times!']);
    expect(words[0]).toEqual({ text: "Don't", startMs: 0, endMs: 200, confidence: 0.7 });
    expect(words[3]).toMatchObject({ startMs: 700, endMs: 1_000 });
    expect(words.every((word) => word.joinsPrevious === undefined)).toBe(true);
  });

  test('Thai: words by dictionary, characters split over tokens, mixed with English', () => {
    const words = wordsIn('th', [
      [
        ['สวัส', 0, 400, 0.9],
        ['ดี', 400, 600, 0.7],
        ['ครับ', 600, 900, 0.5],
        [' ผม', 1_000, 1_200],
        ['ใช้', 1_200, 1_500],
        ['Longhand', 1_500, 2_000],
        ['ทุก', 2_000, 2_300],
        ['วัน', 2_300, 2_600],
      ],
    ]);
    expect(said(words)).toBe('สวัสดีครับ ผมใช้Longhandทุกวัน');
    expect(words.map((word) => word.text)).toEqual(['สวัสดี', 'ครับ', 'ผม', 'ใช้', 'Longhand', 'ทุก', 'วัน']);
    expect(words[0]).toMatchObject({ startMs: 0, endMs: 600, confidence: 0.8, joinsPrevious: true });
    expect(words[2]?.joinsPrevious).toBeUndefined();
    expect(words[4]).toMatchObject({ joinsPrevious: true, startMs: 1_500, endMs: 2_000 });
  });

  test('Thai in tokens that cut through characters, as older whisper-cli writes them', () => {
    // latin1 strings of single bytes, not characters: the file is written byte by byte here.
    const bytes = Buffer.from('ขอบคุณ');
    const pieces = [bytes.subarray(0, 4), bytes.subarray(4, 5), bytes.subarray(5, 11), bytes.subarray(11)];
    const tokens = pieces.map(
      (piece, i) =>
        `{"text":"${piece.toString('latin1')}","offsets":{"from":${i * 100},"to":${i * 100 + 100}},"id":${i + 5},"p":0.5}`,
    );
    const json = `{"model":{"vocab":51865},"result":{"language":"th"},"transcription":[{"offsets":{"from":0,"to":400},"text":"x","tokens":[${tokens.join(',')}]}]}`;
    const words = wordsOf(parseWhisperAnswer(Buffer.from(json, 'latin1')), 1_000);
    expect(words).toEqual([{ text: 'ขอบคุณ', startMs: 0, endMs: 400, confidence: 0.5, joinsPrevious: true }]);
  });

  test('Chinese and Japanese: no spaces, punctuation with its word, segments joined', () => {
    const words = wordsIn('zh', [
      [
        ['今天', 0, 300],
        ['天气', 300, 700],
        ['很好', 700, 1_000],
        ['，', 1_000, 1_050],
        ['「', 1_050, 1_060],
        ['你好', 1_060, 1_400],
        ['」', 1_400, 1_450],
      ],
      [
        ['2024', 1_500, 1_900],
        ['年', 1_900, 2_100],
        ['。', 2_100, 2_150],
      ],
    ]);
    expect(said(words)).toBe('今天天气很好，「你好」2024年。');
    expect(words.slice(1).every((word) => word.joinsPrevious)).toBe(true);
    expect(words.map((word) => word.text)).toEqual(expect.arrayContaining(['今天', '「你好」', '2024']));
    expect(words.filter((word) => /^[，。」]/.test(word.text))).toEqual([]);
  });

  test('Korean and Hindi have spaces; two segments are two words even without one', () => {
    expect(
      wordsIn('ko', [
        [
          [' 안녕', 0, 200],
          ['하세요', 200, 500],
          [' 여러분', 500, 900],
        ],
      ]).map((word) => word.text),
    ).toEqual(['안녕하세요', '여러분']);
    expect(
      said(
        wordsIn('hi', [
          [
            ['नम', 0, 200],
            ['स्ते', 200, 500],
          ],
          [['दुनिया', 500, 900]],
        ]),
      ),
    ).toBe('नमस्ते दुनिया');
  });

  test('a character that never became whole is left out, with the special token glued to it', () => {
    const file = answer('th', [
      [
        ['ดี', 0, 400],
        ['@', 400, 500],
      ],
    ])
      .toString('latin1')
      .replace('"@"', '"\xe0\xb8[_TT_25]"');
    expect(wordsOf(parseWhisperAnswer(Buffer.from(file, 'latin1')), 1_000).map((word) => word.text)).toEqual(['ดี']);
  });

  test('control characters that whisper-cli does not escape', () => {
    const file = answer('en', [
      [
        [' one', 0, 100],
        ['\n', 100, 100],
        ['two', 100, 200],
        [' \\', 200, 300],
      ],
    ]);
    expect(said(wordsOf(parseWhisperAnswer(file), 1_000))).toBe('one two \\');
  });

  test('times are brought into the slice and never run backwards', () => {
    const words = wordsIn(
      'en',
      [
        [
          [' a', 500, 900],
          [' b', 300, 400],
          [' c', 4_000, 9_000],
          [' d', 9_000, 9_500],
        ],
      ],
      5_000,
    );
    expect(words.map(({ startMs, endMs }) => [startMs, endMs])).toEqual([
      [500, 900],
      [500, 500],
      [4_000, 5_000],
      [5_000, 5_000],
    ]);
  });

  test('an answer without words is right; anything else that is not one is an error', () => {
    expect(wordsOf(parseWhisperAnswer(answer('en', [])), 1_000)).toEqual([]);
    const good = answer('en', [[[' one', 0, 100]]]).toString('latin1');
    const broken: [string, string][] = [
      ['', 'is empty'],
      ['garbage', 'not JSON'],
      [good.slice(0, good.length >> 1), 'not JSON'],
      ['null', 'not an object'],
      ['[]', 'not an object'],
      ['{}', 'model'],
      [good.replace('"vocab": 51865', '"vocab": "many"'), 'model.vocab'],
      [good.replace('"language": "en"', '"language": ""'), 'language'],
      [good.replace('"transcription"', '"other"'), 'transcription'],
      [good.replace('"tokens"', '"parts"'), 'tokens'],
      [good.replace('"p": 0.9', '"p": 7'), 'probability'],
      [good.replace('"p": 0.9', '"p": nan'), 'not JSON'],
      [good.replace('"id": 1000', '"id": 50300'), 'no tokens'],
      [good.replace('"from": 0,\n\t\t\t\t\t\t"to": 100', '"from": 0'), 'offsets.to'],
    ];
    for (const [text, reason] of broken) {
      expect(() => parseWhisperAnswer(Buffer.from(text, 'latin1')), reason).toThrow(reason);
    }
  });
});

describe('building whisper-cli', () => {
  const links = (folder: string, names: string[]) => {
    mkdirSync(folder, { recursive: true });
    for (const name of names) {
      const program = findProgram(name);
      if (program) symlinkSync(program, join(folder, name));
    }
    return folder;
  };

  test('what is missing is named, with the command that brings it', async () => {
    vi.stubEnv('PATH', links(join(root, 'poor'), ['npm', 'node', 'tar']));
    try {
      const own = join(root, 'poor-cache');
      await expect(installWhisper({ cacheDir: own })).rejects.toMatchObject({
        kind: 'engine',
        message: expect.stringMatching(/cmake, a C\+\+ compiler, make missing/),
        remedy: expect.stringMatching(/apt-get install -y cmake g\+\+ make|brew install cmake/),
      });
      expect(existsSync(own)).toBe(false);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  /** An npm registry on the loopback that has another package under the pinned name. */
  async function withForgedRegistry<T>(use: () => Promise<T>): Promise<T> {
    const forged = join(root, 'package');
    mkdirSync(forged, { recursive: true });
    writeFileSync(join(forged, 'package.json'), '{"name":"nodejs-whisper","version":"0.3.1"}');
    const tarball = join(root, 'forged.tgz');
    await once(spawn('tar', ['-czf', tarball, '-C', root, 'package']), 'close');
    const server = createServer((request, response) => {
      if (request.url?.endsWith('.tgz')) return void response.end(readFileSync(tarball));
      const dist = { tarball: `http://${request.headers.host}/forged.tgz` };
      const versions = { '0.3.1': { name: 'nodejs-whisper', version: '0.3.1', dist } };
      response.end(JSON.stringify({ name: 'nodejs-whisper', 'dist-tags': { latest: '0.3.1' }, versions }));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    vi.stubEnv('npm_config_registry', `http://127.0.0.1:${port}/`);
    vi.stubEnv('npm_config_cache', join(root, 'npm-cache'));
    try {
      return await use();
    } finally {
      vi.unstubAllEnvs();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    }
  }

  test('a source that is not the pinned one is not unpacked, and nothing stays', async () => {
    const own = join(root, 'forged-cache');
    await withForgedRegistry(async () => {
      await expect(installWhisper({ cacheDir: own })).rejects.toMatchObject({
        kind: 'engine',
        message: expect.stringContaining('not the pinned'),
      });
    });
    expect(readdirSync(join(own, 'engines'))).toEqual([]);
  }, 60_000);

  test('a registry that is not there is a network error', async () => {
    const own = join(root, 'offline-cache');
    vi.stubEnv('npm_config_registry', 'http://127.0.0.1:9/');
    vi.stubEnv('npm_config_cache', join(root, 'npm-cache-2'));
    vi.stubEnv('npm_config_fetch_retries', '0');
    try {
      await expect(installWhisper({ cacheDir: own })).rejects.toMatchObject({ kind: 'network' });
    } finally {
      vi.unstubAllEnvs();
    }
    expect(readdirSync(join(own, 'engines'))).toEqual([]);
  }, 60_000);

  test('an abort while compiling ends the compilers and leaves nothing', async () => {
    const own = join(root, 'aborted-cache');
    const abort = new AbortController();
    const building = installWhisper({
      cacheDir: own,
      signal: abort.signal,
      onLine: (line) => {
        if (/^\[ *\d+%\] Building/.test(line)) abort.abort(new Error('enough'));
      },
    });
    await expect(building).rejects.toThrow('enough');
    expect(readdirSync(join(own, 'engines'))).toEqual([]);
  }, 120_000);

  test('the second call is a no-op, and a build for another processor does not count', async () => {
    if (!(await builtWhisper(WHISPER_BUILD_CACHE))) return; // The engine comes from PATH; nothing was built here.
    const place = join(WHISPER_BUILD_CACHE, 'engines', `whisper-${WHISPER_VERSION}`);
    expect(readdirSync(place).sort()).toEqual(['build.json', 'whisper-cli']);
    expect(await installWhisper({ cacheDir: WHISPER_BUILD_CACHE })).toEqual({
      program: join(place, 'whisper-cli'),
      version: WHISPER_VERSION,
      built: false,
    });
    const moved = join(root, 'moved-cache');
    cpSync(place, join(moved, 'engines', `whisper-${WHISPER_VERSION}`), { recursive: true });
    expect(await builtWhisper(moved)).toBeDefined();
    const record = join(moved, 'engines', `whisper-${WHISPER_VERSION}`, 'build.json');
    writeFileSync(record, readFileSync(record, 'utf8').replace(/"processor": ".*"/, '"processor": "linux z80"'));
    expect(await builtWhisper(moved)).toBeUndefined();
  });
});
