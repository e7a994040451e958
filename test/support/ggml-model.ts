/**
 * Makes whisper model files that whisper.cpp loads and runs, of any size, without any training.
 *
 * The trick: every residual branch of the network ends in a projection of zeros, so that a decoder's state is its token
 * plus its position, and each position's embedding points at the token that shall come next there. The model thus
 * recites a script: text tokens, timestamps, end. One branch listens: the first cross attention adds, in proportion to
 * how much of the band around `TONE_HZ` is in the audio, a direction that tips the choice wherever the script names
 * two. All the other weights are random, and every multiplication is done: it costs what a trained model of its size
 * costs. Everything is deterministic.
 */
import { closeSync, openSync, renameSync, writeSync } from 'node:fs';
import { expectedTensors, GGML_MAGIC, type GgmlHparams } from '../../src/engines/ggml-model.ts';

/** A step of what the model says: text, raw bytes of a token (a split character), a time in seconds, or one of two by sound. */
export type ScriptStep = string | Uint8Array | number | { quiet: string; tone: string };

export interface GgmlModelRecipe {
  script: readonly ScriptStep[];
  hparams?: Partial<GgmlHparams>;
  /** What language it takes audio for without and with the tone. */
  language?: { quiet: number; tone: number };
}

/** The band the model listens to. */
export const TONE_HZ = 1_000;

export const TINY_HPARAMS: GgmlHparams = {
  vocab: 51_865,
  audioContext: 1_500,
  audioState: 64,
  audioHeads: 1,
  audioLayers: 4,
  textContext: 448,
  textState: 64,
  textHeads: 1,
  textLayers: 4,
  mels: 80,
  fileType: 1,
};

/** The parameters of the published models (whisper.cpp, comments beside `whisper_hparams`, and the model cards). */
export const BASE_HPARAMS: GgmlHparams = {
  ...TINY_HPARAMS,
  audioState: 512,
  textState: 512,
  audioHeads: 8,
  textHeads: 8,
  audioLayers: 6,
  textLayers: 6,
};
export const LARGE_HPARAMS: GgmlHparams = {
  ...TINY_HPARAMS,
  vocab: 51_866,
  audioState: 1_280,
  textState: 1_280,
  audioHeads: 20,
  textHeads: 20,
  audioLayers: 32,
  textLayers: 32,
  mels: 128,
};

/** Language ids of whisper.cpp's `g_lang`. */
export const LANGUAGE_IDS = { en: 0, de: 2, th: 30 } as const;

const FFT_BINS = 201;
const HZ_PER_BIN = 40;
const TEXT_TOKENS = 50_257;
const EOT = 50_257;
const SOT = 50_258;
/** Positions of the prompt before the first answer: start, language, task. */
const PROMPT_TOKENS = 3;
/** How strongly a position asks for its token, where it is the only one and where the sound may tip it. */
const FIRM = 64;
const OPEN = 0.5;
/** How strongly the tone pulls. */
const PULL = 4;
const EMBEDDING = 0.125;

/** Writes the model aside and renames it, so that a file of this name is always whole. */
export function writeGgmlModel(path: string, recipe: GgmlModelRecipe): void {
  const h = { ...TINY_HPARAMS, ...recipe.hparams };
  const part = `${path}.making-${process.pid}`;
  const fd = openSync(part, 'w');
  try {
    const plan = planScript(recipe, h);
    writeSync(fd, header(h));
    writeSync(fd, melFilters(h));
    writeSync(fd, vocabulary(plan.texts));
    for (const [name, shape] of expectedTensors(h)) writeTensor(fd, name, shape, tensorRows(name, h, plan));
  } finally {
    closeSync(fd);
  }
  renameSync(part, path);
}

interface Plan {
  texts: Map<number, Uint8Array>;
  /** The token that position i asks for, and how strongly. */
  positions: { token: number; strength: number }[];
  /** The tokens that the tone pulls towards. */
  pulled: number[];
}

function planScript(recipe: GgmlModelRecipe, h: GgmlHparams): Plan {
  const texts = new Map<number, Uint8Array>();
  const ids = new Map<string, number>();
  const idOf = (bytes: Uint8Array): number => {
    const key = Buffer.from(bytes).toString('latin1');
    const id = ids.get(key) ?? 1_000 + ids.size;
    ids.set(key, id);
    texts.set(id, bytes);
    return id;
  };
  const languages = h.vocab - 51_765 - 1;
  const timestampZero = SOT + languages + 7;
  const tokenOf = (step: string | Uint8Array | number): number =>
    typeof step === 'number'
      ? timestampZero + Math.round(step / 0.02)
      : idOf(typeof step === 'string' ? Buffer.from(step) : step);
  const { quiet, tone } = recipe.language ?? { quiet: LANGUAGE_IDS.en, tone: LANGUAGE_IDS.th };
  const pulled = [SOT + 1 + tone];
  const positions = [
    { token: SOT + 1 + quiet, strength: OPEN },
    { token: EOT, strength: FIRM },
  ];
  for (const step of recipe.script) {
    if (typeof step === 'object' && 'quiet' in step) {
      positions.push({ token: tokenOf(step.quiet), strength: OPEN });
      pulled.push(tokenOf(step.tone));
    } else {
      positions.push({ token: tokenOf(step), strength: FIRM });
    }
  }
  if (positions.length + PROMPT_TOKENS > h.textContext / 2) throw new Error('The script is too long for one window.');
  return { texts, positions, pulled };
}

function header(h: GgmlHparams): Buffer {
  const values = [
    GGML_MAGIC,
    h.vocab,
    h.audioContext,
    h.audioState,
    h.audioHeads,
    h.audioLayers,
    h.textContext,
    h.textState,
    h.textHeads,
    h.textLayers,
    h.mels,
    h.fileType,
  ];
  return Buffer.from(Uint32Array.from(values).buffer);
}

/** Triangles evenly spaced over the spectrum. Real models have mel-spaced ones; here only their places must be known. */
function melFilters(h: GgmlHparams): Buffer {
  const filters = new Float32Array(h.mels * FFT_BINS);
  const spacing = (FFT_BINS - 1) / h.mels;
  for (let mel = 0; mel < h.mels; mel++) {
    for (let bin = 0; bin < FFT_BINS; bin++) {
      filters[mel * FFT_BINS + bin] = Math.max(0, 1 - Math.abs(bin - melCentre(mel, spacing)) / spacing) / 100;
    }
  }
  return Buffer.concat([Buffer.from(Uint32Array.of(h.mels, FFT_BINS).buffer), Buffer.from(filters.buffer)]);
}

const melCentre = (mel: number, spacing: number): number => (mel + 0.5) * spacing;

function vocabulary(texts: Map<number, Uint8Array>): Buffer {
  const parts: Uint8Array[] = [Uint8Array.from(Buffer.from(Uint32Array.of(TEXT_TOKENS).buffer))];
  for (let id = 0; id < TEXT_TOKENS; id++) {
    // whisper.cpp looks a single space up by its text.
    const text = texts.get(id) ?? Buffer.from(id === 220 ? ' ' : `<unused ${id}>`);
    parts.push(Buffer.from(Uint32Array.of(text.length).buffer), text);
  }
  return Buffer.concat(parts);
}

/** A row of a tensor: `fill` writes its weights into the given array, whose length is the row's. */
interface TensorRows {
  halfPrecision: boolean;
  fill(row: Float32Array, index: number): void;
}

function tensorRows(name: string, h: GgmlHparams, plan: Plan): TensorRows {
  const width = h.textState;
  const f32 = (fill: TensorRows['fill']): TensorRows => ({ halfPrecision: false, fill });
  const f16 = (fill: TensorRows['fill']): TensorRows => ({ halfPrecision: true, fill });
  const fixed = (value: number) => f32((row) => row.fill(value));
  if (name === 'encoder.positional_embedding') return f32((row) => alternate(row));
  if (name === 'decoder.positional_embedding') {
    return f32((row, position) => {
      const { token, strength } = plan.positions[position] ?? { token: EOT, strength: FIRM };
      addSigns(row, token, strength);
    });
  }
  if (name === 'decoder.token_embedding.weight') return f16((row, token) => addSigns(row, token, EMBEDDING));
  // Sharp enough that the asked-for token gets nearly all of the probability among fifty thousand.
  if (name === 'decoder.ln.weight') return fixed((width < 256 ? 17 : 20) / width / EMBEDDING);
  if (name === 'encoder.conv1.weight') {
    const heard = Math.floor(TONE_HZ / HZ_PER_BIN / ((FFT_BINS - 1) / h.mels));
    // Rows of 3 taps, one for each input channel of each output channel.
    return f16((row, index) => {
      if (index === heard || index === heard - 1) row[1] = 4;
    });
  }
  if (name === 'encoder.conv2.weight') {
    return f16((row, index) => {
      if (index === 0) row[1] = 1;
    });
  }
  if (name === 'decoder.blocks.0.cross_attn.value.weight') {
    const direction = new Float32Array(width);
    for (const token of plan.pulled) addSigns(direction, token, PULL);
    return f16((row, index) => {
      row[0] = direction[index] as number;
    });
  }
  if (name === 'decoder.blocks.0.cross_attn.out.weight') {
    return f16((row, index) => {
      row[index] = 1;
    });
  }
  if (name === 'decoder.blocks.0.cross_attn.key.weight') return f16(() => {});
  if (/\.(attn|cross_attn)\.out\.weight$|\.mlp\.2\.weight$/.test(name)) return f16(() => {});
  if (name.endsWith('.bias')) return fixed(0);
  if (/(_ln|ln_post)\.weight$/.test(name)) return fixed(1);
  return f16((row, index) => {
    const from = (index * 7_919) % (RANDOM.length - row.length);
    row.set(RANDOM.subarray(from, from + row.length));
  });
}

/** Zero in the channel that listens, plus and minus one elsewhere: gives the encoder's last normalisation its scale. */
function alternate(row: Float32Array): void {
  for (let i = 1; i < row.length; i++) row[i] = i % 2 === 0 ? 1 : -1;
}

/** Adds the token's direction, a vector of signs; those of two tokens are nearly at right angles. */
function addSigns(row: Float32Array, token: number, strength: number): void {
  let state = Math.imul(token + 1, 0x9e3779b1) >>> 0;
  for (let i = 0; i < row.length; i++) {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    row[i] = (row[i] as number) + ((x ^ (x >>> 14)) & 1 ? strength : -strength);
  }
}

const RANDOM = (() => {
  const values = new Float32Array(1 << 16);
  let state = 1;
  for (let i = 0; i < values.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    values[i] = (state / 2 ** 32 - 0.5) * 0.1;
  }
  return values;
})();

const CHUNK_BYTES = 4 << 20;

function writeTensor(fd: number, name: string, shape: readonly number[], rows: TensorRows): void {
  const title = Buffer.from(name);
  const head = Uint32Array.of(shape.length, title.length, rows.halfPrecision ? 1 : 0, ...shape);
  writeSync(fd, Buffer.concat([Buffer.from(head.buffer), title]));
  const width = shape[0] as number;
  const count = shape.slice(1).reduce((product, length) => product * length, 1);
  const row = new Float32Array(width);
  const rowBytes = width * (rows.halfPrecision ? 2 : 4);
  const perChunk = Math.max(1, Math.floor(CHUNK_BYTES / rowBytes));
  for (let start = 0; start < count; start += perChunk) {
    const length = Math.min(perChunk, count - start);
    const chunk = Buffer.alloc(length * rowBytes);
    for (let i = 0; i < length; i++) {
      row.fill(0);
      rows.fill(row, start + i);
      putRow(chunk, i * rowBytes, row, rows.halfPrecision);
    }
    writeSync(fd, chunk);
  }
}

const BITS = new Uint32Array(1);
const FLOAT = new Float32Array(BITS.buffer);

function putRow(into: Buffer, at: number, row: Float32Array, half: boolean): void {
  if (!half) {
    for (let i = 0; i < row.length; i++) into.writeFloatLE(row[i] as number, at + i * 4);
    return;
  }
  for (let i = 0; i < row.length; i++) into.writeUInt16LE(halfBits(row[i] as number), at + i * 2);
}

/** IEEE 754 half precision, cut rather than rounded; below its normal range it is zero. */
function halfBits(value: number): number {
  if (value === 0) return 0;
  FLOAT[0] = value;
  const bits = BITS[0] as number;
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 127 + 15;
  if (exponent <= 0) return sign;
  if (exponent >= 31) throw new Error(`${value} is too large for half precision.`);
  return sign | (exponent << 10) | ((bits >>> 13) & 0x3ff);
}
