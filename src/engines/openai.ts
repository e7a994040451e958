/** Any server that speaks OpenAI's `POST /v1/audio/transcriptions`: OpenAI itself, or one of the many that imitate it. */
import { open } from 'node:fs/promises';
import { EngineError, LonghandError } from '../domain/errors.ts';
import { RUNNER_BYTES } from '../domain/model-choice.ts';
import type { Word } from '../transcript/transcript.ts';
import type {
  AudioSlice,
  Engine,
  EngineCheck,
  EngineSettings,
  EngineWorker,
  WorkerExit,
  WorkerOptions,
} from './engine.ts';
import { type OpenAiAnswer, parseAnswer, wordsOf } from './openai-answer.ts';
import { baseUrl, DEFAULT_LIMITS, type OpenAiLimits, ping, post, requireBaseUrl } from './openai-request.ts';

export type { OpenAiLimits } from './openai-request.ts';

const DEFAULT_MODEL = 'whisper-1';
const CHECK_TIMEOUT_MS = 3_000;
const SAMPLE_RATE_HZ = 16_000;
const BYTES_PER_SAMPLE = 2;
const WAV_HEADER_BYTES = 44;
/** The language of a slice that the server does not name (BCP 47: undetermined). */
const UNDETERMINED = 'und';

/** The engine with other limits than usual. */
export function createOpenAiEngine(changes: Partial<OpenAiLimits> = {}): Engine {
  const limits = { ...DEFAULT_LIMITS, ...changes };
  return {
    name: 'openai',
    label: 'transcription server',
    // Long enough for the server's model to have context, short enough (1.9 MB a minute) for any limit on uploads.
    chunkDurationSeconds: 60,
    maxChunkSeconds: 120,
    languages: 'any',
    /** The work is done elsewhere; what is left is waiting. */
    seedRealtimeFactor: () => 0.1,
    coresOf: () => 0,
    check,
    resolveModel: async (requested) =>
      requested === 'auto' ? { name: DEFAULT_MODEL, reason: "the name of OpenAI's Whisper" } : { name: requested },
    /** The model is elsewhere. */
    memoryNeedBytes: async () => RUNNER_BYTES,
    detectLanguage: async (slice, options) => {
      const answer = await request(slice, { ...options, language: UNDETERMINED }, limits, new AbortController().signal);
      return languageTag(answer.language);
    },
    openWorker: async (options) => openWorker(options, limits),
  };
}

export const openai: Engine = createOpenAiEngine();

async function check(settings: EngineSettings): Promise<EngineCheck> {
  try {
    requireBaseUrl(settings);
    const problem = await ping(settings, CHECK_TIMEOUT_MS);
    if (problem) throw problem;
    return { available: true, detail: `transcription server ${new URL(baseUrl(settings)!).host}` };
  } catch (error) {
    if (!(error instanceof LonghandError)) throw error;
    return { available: false, detail: error.message, ...(error.remedy ? { remedy: error.remedy } : {}) };
  }
}

function openWorker(options: WorkerOptions, limits: OpenAiLimits): EngineWorker {
  requireBaseUrl(options.settings);
  const closing = new AbortController();
  const exited = new Promise<WorkerExit>((resolve) => {
    closing.signal.addEventListener('abort', () => resolve({ code: 0, signal: null }), { once: true });
  });
  const inFlight = new Set<Promise<unknown>>();
  return {
    pid: undefined,
    exited,
    transcribe: async (slice) => {
      const work = transcribe(slice, options, limits, closing.signal);
      inFlight.add(work);
      try {
        return await work;
      } finally {
        inFlight.delete(work);
      }
    },
    close: async () => {
      closing.abort(new EngineError('The connection to the transcription server was closed.'));
      await Promise.allSettled(inFlight);
    },
  };
}

async function transcribe(
  slice: AudioSlice,
  options: WorkerOptions,
  limits: OpenAiLimits,
  signal: AbortSignal,
): Promise<Word[]> {
  signal.throwIfAborted();
  const answer = await request(slice, options, limits, signal);
  return wordsOf(answer, (slice.endSample - slice.startSample) / SAMPLE_RATE_HZ);
}

async function request(
  slice: AudioSlice,
  { settings, model, language }: WorkerOptions,
  limits: OpenAiLimits,
  signal: AbortSignal,
): Promise<OpenAiAnswer> {
  const wav = await readWav(slice);
  const form = () => {
    const data = new FormData();
    data.set('file', new Blob([wav], { type: 'audio/wav' }), 'chunk.wav');
    data.set('model', model.name);
    if (language !== UNDETERMINED) data.set('language', language);
    data.set('response_format', 'verbose_json');
    data.append('timestamp_granularities[]', 'word');
    data.append('timestamp_granularities[]', 'segment');
    return data;
  };
  return parseAnswer(await post('/audio/transcriptions', form, settings, limits, signal));
}

/** A slice as a WAV file (RIFF, PCM, 16 bit, mono, 16 kHz). */
async function readWav({ audioPath, startSample, endSample }: AudioSlice): Promise<Buffer<ArrayBuffer>> {
  const length = (endSample - startSample) * BYTES_PER_SAMPLE;
  const wav = Buffer.alloc(WAV_HEADER_BYTES + length);
  wav.write('RIFF', 0, 'latin1');
  wav.writeUInt32LE(wav.length - 8, 4);
  wav.write('WAVEfmt ', 8, 'latin1');
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20); // PCM
  wav.writeUInt16LE(1, 22); // mono
  wav.writeUInt32LE(SAMPLE_RATE_HZ, 24);
  wav.writeUInt32LE(SAMPLE_RATE_HZ * BYTES_PER_SAMPLE, 28);
  wav.writeUInt16LE(BYTES_PER_SAMPLE, 32);
  wav.writeUInt16LE(8 * BYTES_PER_SAMPLE, 34);
  wav.write('data', 36, 'latin1');
  wav.writeUInt32LE(length, 40);
  const file = await open(audioPath, 'r');
  try {
    const { bytesRead } = await file.read(wav, WAV_HEADER_BYTES, length, startSample * BYTES_PER_SAMPLE);
    if (bytesRead < length)
      throw new EngineError('The decoded audio is shorter than its chunk.', { evidence: audioPath });
  } finally {
    await file.close();
  }
  return wav;
}

/** OpenAI names languages in English ("thai"); others give the tag. The names are those of Whisper's list. */
function languageTag(language: string | null | undefined): string {
  const name = language?.trim().toLowerCase();
  if (!name) return UNDETERMINED;
  if (/^[a-z]{2,3}(-[a-z0-9]+)*$/.test(name)) return name;
  const english = new Intl.DisplayNames('en', { type: 'language' });
  const found = WHISPER_LANGUAGES.find((tag) => english.of(tag)?.toLowerCase() === name);
  return found ?? OTHER_NAMES[name] ?? UNDETERMINED;
}

/** Where Whisper's name of a language is not that of the Unicode CLDR. */
const OTHER_NAMES: Record<string, string> = { tagalog: 'tl', myanmar: 'my', nynorsk: 'nn' };

/** https://github.com/openai/whisper/blob/main/whisper/tokenizer.py, LANGUAGES. */
const WHISPER_LANGUAGES = (
  'en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur hr bg lt la mi ml cy ' +
  'sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa si km sn yo so af oc ka be tg sd gu am yi lo ' +
  'uz fo ht ps tk nn mt sa lb my bo tl mg as tt haw ln ha ba jw su yue'
).split(' ');
