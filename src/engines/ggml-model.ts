/**
 * What a whisper model file must look like, checked from its headers alone.
 *
 * The loader of whisper.cpp (1.9.1, src/whisper.cpp, `whisper_model_load`) takes a file that ends after its header as an
 * "empty model for testing": it loads, hears nothing, and exits with 0. So Longhand walks the file first: magic,
 * parameters, mel filters, vocabulary, then every tensor's header, skipping over the weights. The file must hold exactly
 * the tensors its parameters ask for, each in its right shape, and end where the last of them ends. This reads some
 * hundred kilobytes even of a 3 GB model; what it cannot see, a changed bit inside the weights, the checksums see.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { ModelError } from '../domain/errors.ts';

/** The parameters at the start of a whisper model file, in their order in the file (whisper.cpp, `whisper_hparams`). */
export interface GgmlHparams {
  /** 51865 or more: multilingual; less: English only. */
  vocab: number;
  audioContext: number;
  audioState: number;
  audioHeads: number;
  audioLayers: number;
  textContext: number;
  textState: number;
  textHeads: number;
  textLayers: number;
  mels: number;
  /** How the large tensors are stored: 0 f32, 1 f16, others quantised; thousands count the quantisation's version. */
  fileType: number;
}

export interface GgmlModelInfo {
  hparams: GgmlHparams;
  multilingual: boolean;
  tensors: number;
  sizeBytes: number;
}

/** 'ggml' read as a little-endian 32-bit number (ggml.h, `GGML_FILE_MAGIC`). */
export const GGML_MAGIC = 0x67676d6c;

/** The smallest vocabulary of a multilingual model (whisper.cpp, `whisper_vocab::is_multilingual`). */
const MULTILINGUAL_VOCAB = 51_865;

/** Bytes per block and weights per block of the tensor types that whisper models come in, by number (ggml.h, `ggml_type`). */
const TENSOR_TYPES: Readonly<Record<number, readonly [bytes: number, weights: number]>> = {
  0: [4, 1], // f32
  1: [2, 1], // f16
  2: [18, 32], // q4_0
  3: [20, 32], // q4_1
  6: [22, 32], // q5_0
  7: [24, 32], // q5_1
  8: [34, 32], // q8_0
  10: [84, 256], // q2_K
  11: [110, 256], // q3_K
  12: [144, 256], // q4_K
  13: [176, 256], // q5_K
  14: [210, 256], // q6_K
  30: [2, 1], // bf16
};

/** More than any whisper model has, so that a damaged count is not followed for long. */
const MOST_LAYERS = 1_000;
const MOST_VOCAB = 1_000_000;
const LONGEST_TOKEN_BYTES = 4_096;
const LONGEST_NAME_BYTES = 256;

/** The vocabulary is read in windows of this size; a tensor's header in smaller ones, as its weights are skipped. */
const VOCABULARY_WINDOW_BYTES = 262_144;
const HEADER_WINDOW_BYTES = 512;

const NOT_A_MODEL = 'is not a ggml whisper model';

/**
 * The tensors a model with these parameters consists of, by name, each with its shape, the fastest-moving dimension first
 * (whisper.cpp, `whisper_model_load` and src/whisper-arch.h).
 */
export function expectedTensors(h: GgmlHparams): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  const linear = (name: string, width: number, height: number, bias = true) => {
    shapes.set(`${name}.weight`, [width, height]);
    if (bias) shapes.set(`${name}.bias`, [height]);
  };
  const norm = (name: string, width: number) => {
    shapes.set(`${name}.weight`, [width]);
    shapes.set(`${name}.bias`, [width]);
  };
  const attention = (name: string, width: number) => {
    linear(`${name}.query`, width, width);
    linear(`${name}.key`, width, width, false);
    linear(`${name}.value`, width, width);
    linear(`${name}.out`, width, width);
  };
  const block = (name: string, width: number, cross: boolean) => {
    norm(`${name}.attn_ln`, width);
    attention(`${name}.attn`, width);
    if (cross) {
      norm(`${name}.cross_attn_ln`, width);
      attention(`${name}.cross_attn`, width);
    }
    norm(`${name}.mlp_ln`, width);
    linear(`${name}.mlp.0`, width, 4 * width);
    linear(`${name}.mlp.2`, 4 * width, width);
  };
  shapes.set('encoder.positional_embedding', [h.audioState, h.audioContext]);
  shapes.set('encoder.conv1.weight', [3, h.mels, h.audioState]);
  shapes.set('encoder.conv1.bias', [1, h.audioState]);
  shapes.set('encoder.conv2.weight', [3, h.audioState, h.audioState]);
  shapes.set('encoder.conv2.bias', [1, h.audioState]);
  for (let i = 0; i < h.audioLayers; i++) block(`encoder.blocks.${i}`, h.audioState, false);
  norm('encoder.ln_post', h.audioState);
  shapes.set('decoder.positional_embedding', [h.textState, h.textContext]);
  shapes.set('decoder.token_embedding.weight', [h.textState, h.vocab]);
  for (let i = 0; i < h.textLayers; i++) block(`decoder.blocks.${i}`, h.textState, true);
  norm('decoder.ln', h.textState);
  return shapes;
}

/**
 * Walks over a whisper model file and makes sure that it is whole.
 * @param path the file
 * @throws ModelError when it is no whisper model, is cut short, or holds other tensors than its parameters announce;
 *   the message says where the file stops making sense. Errors of the file system pass through.
 */
export async function inspectGgmlModel(path: string): Promise<GgmlModelInfo> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    return await walk(new Cursor(handle, path, size));
  } finally {
    await handle.close();
  }
}

async function walk(file: Cursor): Promise<GgmlModelInfo> {
  if (file.size === 0) throw file.damaged('is empty');
  if (file.size < 4) throw file.damaged(NOT_A_MODEL);
  await file.fetch(4);
  if (file.uint32() !== GGML_MAGIC) throw file.damaged(NOT_A_MODEL);
  const hparams = await readHparams(file);
  await skipMelFilters(file, hparams);
  await skipVocabulary(file, hparams);
  const tensors = await walkTensors(file, hparams);
  return { hparams, multilingual: hparams.vocab >= MULTILINGUAL_VOCAB, tensors, sizeBytes: file.size };
}

async function readHparams(file: Cursor): Promise<GgmlHparams> {
  await file.fetch(44);
  const values: number[] = [];
  for (let i = 0; i < 11; i++) values.push(file.uint32());
  const [vocab, audioContext, audioState, audioHeads, audioLayers, textContext, textState, textHeads, textLayers] =
    values as [number, number, number, number, number, number, number, number, number];
  const [mels, fileType] = values.slice(9) as [number, number];
  const sane =
    values.slice(0, 10).every((value) => value > 0) &&
    vocab <= MOST_VOCAB &&
    audioLayers <= MOST_LAYERS &&
    textLayers <= MOST_LAYERS &&
    audioState === textState;
  if (!sane) throw file.damaged('has parameters that no whisper model has');
  return {
    vocab,
    audioContext,
    audioState,
    audioHeads,
    audioLayers,
    textContext,
    textState,
    textHeads,
    textLayers,
    mels,
    fileType,
  };
}

async function skipMelFilters(file: Cursor, hparams: GgmlHparams): Promise<void> {
  await file.fetch(8);
  const mels = file.uint32();
  const bins = file.uint32();
  if (mels !== hparams.mels || bins === 0) throw file.damaged('has mel filters that do not fit its parameters');
  file.skip(mels * bins * 4, 'its mel filters');
}

async function skipVocabulary(file: Cursor, hparams: GgmlHparams): Promise<void> {
  await file.fetch(4);
  const count = file.uint32();
  if (count === 0 || count > hparams.vocab) throw file.damaged('has a vocabulary that does not fit its parameters');
  for (let i = 0; i < count; i++) {
    if (!file.holds(4)) await file.fetch(4, VOCABULARY_WINDOW_BYTES);
    const length = file.uint32();
    if (length > LONGEST_TOKEN_BYTES) throw file.damaged('has a damaged vocabulary');
    file.skip(length, 'its vocabulary');
  }
}

async function walkTensors(file: Cursor, hparams: GgmlHparams): Promise<number> {
  const missing = expectedTensors(hparams);
  const total = missing.size;
  while (!file.atEnd) {
    await file.fetch(12);
    const dimensions = file.uint32();
    const nameLength = file.uint32();
    const type = TENSOR_TYPES[file.uint32()];
    if (dimensions < 1 || dimensions > 4 || nameLength > LONGEST_NAME_BYTES || !type) {
      throw file.damaged('has something that is not a tensor');
    }
    await file.fetch(dimensions * 4 + nameLength);
    const shape: number[] = [];
    for (let i = 0; i < dimensions; i++) shape.push(file.uint32());
    const name = file.text(nameLength);
    const expected = missing.get(name);
    if (!expected) throw file.damaged(`has a tensor that does not belong in it or stands there twice ('${name}')`);
    if (!sameShape(shape, expected)) throw file.damaged(`has a tensor of the wrong shape ('${name}')`);
    const weights = shape.reduce((product, length) => product * length, 1);
    file.skip((weights / type[1]) * type[0], `the tensor '${name}'`);
    missing.delete(name);
  }
  if (missing.size === total) throw file.damaged('holds no weights: it ends after its header');
  if (missing.size > 0) throw file.damaged(`is incomplete: it holds ${total - missing.size} of ${total} tensors`);
  return total;
}

/** Trailing dimensions of one say nothing: [n] and [n, 1] are the same shape. */
function sameShape(found: readonly number[], expected: readonly number[]): boolean {
  for (let i = 0; i < Math.max(found.length, expected.length); i++) {
    if ((found[i] ?? 1) !== (expected[i] ?? 1)) return false;
  }
  return true;
}

/** Reads forward through a file: `fetch` makes bytes present, the others consume them without waiting. */
class Cursor {
  readonly size: number;
  private readonly handle: FileHandle;
  private readonly path: string;
  private offset = 0;
  private window = Buffer.alloc(0);
  private windowStart = 0;

  constructor(handle: FileHandle, path: string, size: number) {
    this.handle = handle;
    this.path = path;
    this.size = size;
  }

  get atEnd(): boolean {
    return this.offset === this.size;
  }

  /** Whether the next `length` bytes are in memory. */
  holds(length: number): boolean {
    return this.offset >= this.windowStart && this.offset + length <= this.windowStart + this.window.length;
  }

  /** Reads at least the next `length` bytes into memory, and up to `windowBytes` where the file has them. */
  async fetch(length: number, windowBytes = HEADER_WINDOW_BYTES): Promise<void> {
    if (this.holds(length)) return;
    if (this.offset + length > this.size)
      throw this.damaged(`is cut short: it ends inside a header, at ${this.size} bytes`);
    const window = Buffer.alloc(Math.min(Math.max(length, windowBytes), this.size - this.offset));
    const { bytesRead } = await this.handle.read(window, 0, window.length, this.offset);
    if (bytesRead < length) throw this.damaged('was cut short while it was read');
    this.window = window.subarray(0, bytesRead);
    this.windowStart = this.offset;
  }

  uint32(): number {
    const value = this.window.readUInt32LE(this.offset - this.windowStart);
    this.offset += 4;
    return value;
  }

  text(length: number): string {
    const start = this.offset - this.windowStart;
    this.offset += length;
    return this.window.toString('latin1', start, start + length);
  }

  skip(length: number, what: string): void {
    if (!Number.isInteger(length) || this.offset + length > this.size) {
      throw this.damaged(`is cut short: it ends inside ${what}, at ${this.size} bytes`);
    }
    this.offset += length;
  }

  damaged(problem: string): ModelError {
    return new ModelError(`The model file ${this.path} ${problem}.`, {
      remedy: 'Install the model again: longhand models pull NAME, or longhand models add FILE with a whole file.',
    });
  }
}
