import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { expectedTensors, inspectGgmlModel } from '../../src/engines/ggml-model.ts';
import { type PullOptions, pullModel } from '../../src/engines/model-download.ts';
import {
  addModel,
  type CatalogueModel,
  installedModel,
  listModels,
  MODEL_CATALOGUE,
  nearestModelName,
  removeModel,
  verifyModel,
} from '../../src/engines/models.ts';
import { BASE_HPARAMS, LARGE_HPARAMS, TINY_HPARAMS, writeGgmlModel } from '../support/ggml-model.ts';

let root: string;
let wholeFile: string;
let whole: Buffer;
let other: Buffer;
let catalogue: CatalogueModel[];
let cacheDir: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'longhand-models-'));
  wholeFile = join(root, 'ggml-base.bin');
  writeGgmlModel(wholeFile, { script: [0, ' one', 1] });
  whole = readFileSync(wholeFile);
  // Another file of the same size, as after an update at the source.
  other = Buffer.from(whole);
  other.fill(0x11, other.length - 1_000_000);
  const sha1 = createHash('sha1').update(whole).digest('hex');
  catalogue = [{ name: 'base', fileName: 'ggml-base.bin', sizeBytes: whole.length, sha1 }];
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

beforeEach(() => {
  cacheDir = mkdtempSync(join(root, 'cache-'));
});

const folder = () => join(cacheDir, 'models');
const filesThere = () => (existsSync(folder()) ? readdirSync(folder()).sort() : []);

/** The bytes of the file where its tensors begin. */
function headerLength(file: Buffer): number {
  let at = 48;
  at += 8 + file.readUInt32LE(at) * file.readUInt32LE(at + 4) * 4;
  const tokens = file.readUInt32LE(at);
  at += 4;
  for (let i = 0; i < tokens; i++) at += 4 + file.readUInt32LE(at);
  return at;
}

describe('the catalogue', () => {
  test('has the sizes that follow from the shapes of the models', () => {
    const shapes = {
      tiny: { ...TINY_HPARAMS, audioState: 384, textState: 384 },
      base: BASE_HPARAMS,
      small: { ...BASE_HPARAMS, audioState: 768, textState: 768, audioLayers: 12, textLayers: 12 },
      medium: { ...BASE_HPARAMS, audioState: 1_024, textState: 1_024, audioLayers: 24, textLayers: 24 },
      large: LARGE_HPARAMS,
      'large-v3-turbo': { ...LARGE_HPARAMS, textLayers: 4 },
    };
    const vocabularies = MODEL_CATALOGUE.map(({ name, sizeBytes }) => {
      const hparams = shapes[name as keyof typeof shapes];
      let bytes = 48 + 8 + hparams.mels * 201 * 4;
      for (const [tensor, shape] of expectedTensors(hparams)) {
        const half = shape.length > 1 && !tensor.endsWith('.bias') && !tensor.endsWith('positional_embedding');
        const weights = shape.reduce((product, length) => product * length, 1);
        bytes += 12 + 4 * shape.length + tensor.length + weights * (half ? 2 : 4);
      }
      return sizeBytes - bytes;
    });
    // What remains is the vocabulary, one and the same in all of them.
    expect(new Set(vocabularies).size).toBe(1);
    expect(vocabularies[0]).toBeGreaterThan(400_000);
  });

  test('knows what was most likely meant', () => {
    expect(nearestModelName('smal')).toBe('small');
    expect(nearestModelName('Large-v2')).toBe('large');
    expect(nearestModelName('parakeet')).toBeUndefined();
  });
});

describe('the structure of a model', () => {
  const write = (bytes: Uint8Array) => {
    const path = join(cacheDir, 'model.bin');
    writeFileSync(path, bytes);
    return path;
  };

  test('a whole model passes, and tells its parameters', async () => {
    const info = await inspectGgmlModel(wholeFile);
    expect(info).toMatchObject({ multilingual: true, sizeBytes: whole.length, tensors: 10 + 1 + 15 * 4 + 24 * 4 });
    expect(info.hparams).toEqual(TINY_HPARAMS);
  });

  test('a header without weights is refused, which whisper.cpp would take', async () => {
    const path = write(whole.subarray(0, headerLength(whole)));
    await expect(inspectGgmlModel(path)).rejects.toMatchObject({
      kind: 'model',
      message: expect.stringContaining('ends after its header'),
    });
  });

  test('a file cut anywhere is refused', async () => {
    const header = headerLength(whole);
    for (const end of [
      0,
      3,
      4,
      30,
      60,
      20_000,
      header - 1,
      header + 5,
      header + 100,
      whole.length >> 1,
      whole.length - 1,
    ]) {
      await expect(inspectGgmlModel(write(whole.subarray(0, end))), `cut at ${end}`).rejects.toMatchObject({
        kind: 'model',
      });
    }
  });

  test('a file cut exactly between two tensors is refused', async () => {
    const last = whole.lastIndexOf('decoder.ln.bias') - 16;
    await expect(inspectGgmlModel(write(whole.subarray(0, last)))).rejects.toThrow(/holds 166 of 167 tensors/);
  });

  test('bytes behind the end, a doubled tensor, a wrong shape, and other files are refused', async () => {
    await expect(inspectGgmlModel(write(Buffer.concat([whole, Buffer.alloc(40)])))).rejects.toThrow(/not a tensor/);
    const last = whole.lastIndexOf('decoder.ln.bias') - 16;
    await expect(inspectGgmlModel(write(Buffer.concat([whole, whole.subarray(last)])))).rejects.toThrow(
      /stands there twice/,
    );
    const misshapen = Buffer.from(whole);
    misshapen.writeUInt32LE(65, last + 12);
    await expect(inspectGgmlModel(write(misshapen))).rejects.toThrow(/wrong shape/);
    await expect(inspectGgmlModel(write(Buffer.from('RIFF....WAVEfmt ')))).rejects.toThrow(/not a ggml whisper model/);
    const huge = Buffer.from(whole);
    huge.writeUInt32LE(0x7fffffff, 4);
    await expect(inspectGgmlModel(write(huge))).rejects.toThrow(/parameters/);
  });
});

/** A source of models on the loopback. `answer` decides each request; what was asked for is kept. */
interface Source {
  url: string;
  requests: { range?: string; ifRange?: string; authorization?: string }[];
  server: Server;
}
type Answer = (request: IncomingMessage, response: ServerResponse, nth: number) => void;
const sources: Source[] = [];

async function source(answer: Answer): Promise<Source> {
  const requests: Source['requests'] = [];
  const server = createServer((request, response) => {
    const { range, authorization } = request.headers;
    const ifRange = request.headers['if-range'] as string | undefined;
    requests.push({
      ...(range ? { range } : {}),
      ...(ifRange ? { ifRange } : {}),
      ...(authorization ? { authorization } : {}),
    });
    answer(request, response, requests.length);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const made = { url: `http://127.0.0.1:${port}/models`, requests, server };
  sources.push(made);
  return made;
}

afterEach(async () => {
  for (const { server } of sources.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

/** What a good server does: ranges, honouring If-Range. */
function serve(
  request: IncomingMessage,
  response: ServerResponse,
  file: Buffer,
  etag: string,
  length = file.length,
): void {
  const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? -1);
  const condition = request.headers['if-range'];
  response.setHeader('etag', etag);
  if (start >= file.length) {
    response.writeHead(416).end();
  } else if (start >= 0 && (condition === undefined || condition === etag)) {
    response.writeHead(206, {
      'content-range': `bytes ${start}-${file.length - 1}/${file.length}`,
      'content-length': file.length - start,
    });
    send(response, file.subarray(start), Math.max(0, length - start));
  } else {
    response.writeHead(200, { 'content-length': file.length });
    send(response, file, length);
  }
}

/** Sends only so much of what was announced, then breaks the connection. */
function send(response: ServerResponse, bytes: Buffer, length: number): void {
  if (length >= bytes.length) response.end(bytes);
  else response.write(bytes.subarray(0, length), () => response.destroy());
}

const pull = (from: Source, more: Partial<PullOptions> = {}) =>
  pullModel('base', { cacheDir, source: from.url, catalogue, backoffMs: 1, stallTimeoutMs: 20_000, ...more });

async function expectInstalled(): Promise<void> {
  expect(filesThere()).toEqual(['ggml-base.bin', 'ggml-base.bin.json']);
  expect(readFileSync(join(folder(), 'ggml-base.bin')).equals(whole)).toBe(true);
  expect(JSON.parse(readFileSync(join(folder(), 'ggml-base.bin.json'), 'utf8'))).toMatchObject({
    sizeBytes: whole.length,
    sha1: catalogue[0]?.sha1,
    sha256: createHash('sha256').update(whole).digest('hex'),
  });
  expect(statSync(join(folder(), 'ggml-base.bin')).mode & 0o777).toBe(0o600);
}

describe('pulling a model', () => {
  test('downloads, tells progress, records the checksum; a second pull asks nobody', async () => {
    const from = await source((request, response) => {
      expect(request.url).toBe('/models/ggml-base.bin');
      serve(request, response, whole, '"1"');
    });
    const progress: number[] = [];
    const entry = await pull(from, {
      onProgress: ({ receivedBytes, totalBytes }) => {
        expect(totalBytes).toBe(whole.length);
        progress.push(receivedBytes);
        throw new Error('A watcher that fails');
      },
    });
    expect(entry).toMatchObject({ name: 'base', installed: true, path: join(folder(), 'ggml-base.bin') });
    expect(progress.at(0)).toBe(0);
    expect(progress.at(-1)).toBe(whole.length);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    await expectInstalled();
    await pull(from);
    expect(from.requests).toHaveLength(1);
    expect(await verifyModel('base', { cacheDir })).toBe(true);
  });

  test('a model that changed on the disk is pulled anew', async () => {
    const from = await source((request, response) => serve(request, response, whole, '"1"'));
    const { path = '' } = await pull(from);
    const changed = Buffer.from(whole);
    changed.writeUInt8(changed.readUInt8(whole.length - 100) ^ 1, whole.length - 100);
    writeFileSync(path, changed);
    await pull(from);
    expect(from.requests).toHaveLength(2);
    await expectInstalled();
  });

  test('goes on where the connection broke, with the validator', async () => {
    const from = await source((request, response, nth) => serve(request, response, whole, '"1"', nth * 3_000_000));
    await pull(from);
    await expectInstalled();
    expect(from.requests).toHaveLength(4);
    expect(from.requests[0]).toEqual({});
    for (const request of from.requests.slice(1)) {
      expect(request).toEqual({ range: expect.stringMatching(/^bytes=[1-9]\d+-$/), ifRange: '"1"' });
    }
  });

  test('an aborted pull keeps what arrived, and the next one goes on from there', async () => {
    const from = await source((request, response, nth) => {
      if (nth === 1) {
        response.writeHead(200, { 'content-length': whole.length, etag: '"1"' });
        response.write(whole.subarray(0, 2_000_000));
        // Then a trickle that would take an hour.
        let at = 2_000_000;
        const trickle = setInterval(() => response.write(whole.subarray(at, ++at)), 10);
        response.once('close', () => clearInterval(trickle));
      } else serve(request, response, whole, '"1"');
    });
    const abort = new AbortController();
    const pulling = pull(from, {
      signal: abort.signal,
      onProgress: ({ receivedBytes }) => {
        if (receivedBytes > 0) abort.abort(new Error('stop'));
      },
    });
    await expect(pulling).rejects.toThrow('stop');
    expect(filesThere()).toEqual(['ggml-base.bin.part', 'ggml-base.bin.part.json']);
    const kept = statSync(join(folder(), 'ggml-base.bin.part')).size;
    expect(kept).toBeGreaterThan(0);
    await pull(from);
    expect(from.requests[1]).toEqual({ range: `bytes=${kept}-`, ifRange: '"1"' });
    await expectInstalled();
  });

  test('what a killed process left is taken over', async () => {
    const dead = fork('-e', { execArgv: ['-e', ''], stdio: 'ignore' });
    await once(dead, 'exit');
    mkdirSync(folder(), { recursive: true });
    writeFileSync(join(folder(), `ggml-base.bin.part-${dead.pid}-0badcafe`), whole.subarray(0, 1_234_567));
    writeFileSync(join(folder(), `ggml-base.bin.part-${dead.pid}-0badcafe.json`), '{"validator":"\\"1\\""}');
    const from = await source((request, response) => serve(request, response, whole, '"1"'));
    await pull(from);
    expect(from.requests).toEqual([{ range: 'bytes=1234567-', ifRange: '"1"' }]);
    await expectInstalled();
  });

  test('a server without ranges costs the whole file again, and it is right', async () => {
    const from = await source((_request, response, nth) => {
      response.writeHead(200, { 'content-length': whole.length });
      send(response, whole, nth === 1 ? 4_000_000 : whole.length);
    });
    await pull(from);
    expect(from.requests[1]?.range).toBeDefined();
    await expectInstalled();
  });

  test('a file that changed meanwhile is taken anew', async () => {
    const from = await source((request, response, nth) =>
      nth === 1 ? serve(request, response, other, '"old"', 8_500_000) : serve(request, response, whole, '"new"'),
    );
    await pull(from);
    expect(from.requests[1]?.ifRange).toBe('"old"');
    await expectInstalled();
  });

  test('two halves of different files, from a server without validators, are found out', async () => {
    const from = await source((request, response, nth) => {
      response.setHeader = (() => response) as typeof response.setHeader;
      serve(request, response, nth === 1 ? whole : nth === 2 ? other : whole, '', nth === 1 ? 1_000_000 : undefined);
    });
    await pull(from);
    expect(from.requests.map((request) => request.range)).toEqual([undefined, expect.any(String), undefined]);
    await expectInstalled();
  });

  test('a part that is longer than the model is thrown away', async () => {
    mkdirSync(folder(), { recursive: true });
    writeFileSync(join(folder(), 'ggml-base.bin.part'), whole);
    appendFileSync(join(folder(), 'ggml-base.bin.part'), 'more');
    const from = await source((request, response) => serve(request, response, whole, '"1"'));
    await pull(from);
    await expectInstalled();
  });

  test('a source that falls silent is asked again', async () => {
    const from = await source((request, response, nth) => {
      if (nth === 1) return; // Not a word.
      if (nth === 2) {
        response.writeHead(200, { 'content-length': whole.length, etag: '"1"' });
        response.write(whole.subarray(0, 3_000_000)); // And then not a word.
        return;
      }
      serve(request, response, whole, '"1"');
    });
    const reasons: string[] = [];
    await pull(from, { stallTimeoutMs: 300, onRetry: (reason) => reasons.push(reason) });
    expect(reasons).toHaveLength(2);
    expect(reasons[0]).toContain('fallen silent');
    await expectInstalled();
  });

  test('errors that pass are waited for; Retry-After is heeded', async () => {
    const from = await source((request, response, nth) => {
      if (nth === 1) response.writeHead(503).end();
      else if (nth === 2) response.writeHead(429, { 'retry-after': '0' }).end();
      else if (nth === 3) response.destroy();
      else serve(request, response, whole, '"1"');
    });
    await pull(from);
    expect(from.requests).toHaveLength(4);
    await expectInstalled();
  });

  test('gives up after five fruitless attempts', async () => {
    const from = await source((_request, response) => response.writeHead(502).end());
    await expect(pull(from)).rejects.toMatchObject({ kind: 'network', message: expect.stringContaining('HTTP 502') });
    expect(from.requests).toHaveLength(5);
    expect(filesThere()).toEqual([]);
  });

  test('404 is said at once, with the address', async () => {
    const from = await source((_request, response) => response.writeHead(404).end('no'));
    await expect(pull(from)).rejects.toMatchObject({
      kind: 'network',
      message: expect.stringContaining(`HTTP 404 for ${from.url}/ggml-base.bin`),
      remedy: expect.stringContaining('LONGHAND_MODEL_MIRROR'),
    });
    expect(from.requests).toHaveLength(1);
    expect(filesThere()).toEqual([]);
  });

  test('nobody there', async () => {
    const from = await source(() => {});
    from.server.close();
    await once(from.server, 'close');
    sources.splice(0);
    await expect(pull(from)).rejects.toMatchObject({
      kind: 'network',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  test('a file of another size, or with other bytes, is not the published one', async () => {
    const short = await source((request, response) => serve(request, response, whole.subarray(0, 9_000), '"1"'));
    await expect(pull(short)).rejects.toMatchObject({ kind: 'model', message: expect.stringContaining('9000 bytes') });
    const wrong = await source((request, response) => serve(request, response, other, '"1"'));
    await expect(pull(wrong)).rejects.toMatchObject({ kind: 'model', message: expect.stringContaining('SHA-1') });
    expect(wrong.requests).toHaveLength(1);
    expect(filesThere()).toEqual([]);
  });

  test('two pulls at once do not disturb each other', async () => {
    mkdirSync(folder(), { recursive: true });
    writeFileSync(join(folder(), 'ggml-base.bin.part'), whole.subarray(0, 500_000));
    const held: (() => void)[] = [];
    const from = await source((request, response) => {
      held.push(() => serve(request, response, whole, '"1"'));
      if (held.length === 2) for (const go of held) go();
    });
    const [one, two] = await Promise.all([pull(from), pull(from)]);
    expect(one).toEqual(two);
    expect(from.requests.map((request) => request.range).sort()).toEqual(['bytes=500000-', undefined]);
    await expectInstalled();
  });

  test('a damaged model is replaced', async () => {
    const from = await source((request, response) => serve(request, response, whole, '"1"'));
    await pull(from);
    truncateSync(join(folder(), 'ggml-base.bin'), 1_000_000);
    expect(await installedModel('base', cacheDir, catalogue)).toMatchObject({
      installed: false,
      problem: expect.stringContaining('1000000 bytes'),
    });
    await pull(from);
    await expectInstalled();
  });

  test('credentials of a mirror are sent, and neither shown nor recorded', async () => {
    const from = await source((request, response) => serve(request, response, whole, '"1"'));
    await pull(from, { source: from.url.replace('//', '//me:s%40cret@') });
    expect(from.requests[0]?.authorization).toBe(`Basic ${Buffer.from('me:s@cret').toString('base64')}`);
    expect(readFileSync(join(folder(), 'ggml-base.bin.json'), 'utf8')).not.toContain('cret');
  });

  test('more than the disk can hold is refused before anything is asked', async () => {
    const from = await source((request, response) => serve(request, response, whole, '"1"'));
    const giant = catalogue.map((model) => ({ ...model, sizeBytes: 2 ** 52 }));
    await expect(pull(from, { catalogue: giant })).rejects.toMatchObject({
      kind: 'disk',
      remedy: expect.stringContaining('LONGHAND_CACHE'),
    });
    expect(from.requests).toHaveLength(0);
  });

  test('unknown names and sources that are none are usage errors', async () => {
    await expect(pullModel('smal', { cacheDir })).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringContaining("'small'"),
    });
    await expect(pullModel('base', { cacheDir, source: 'ftp://x/' })).rejects.toMatchObject({ kind: 'usage' });
    expect(filesThere()).toEqual([]);
  });
});

describe('adding, listing, removing', () => {
  test('a local model is taken in under its file name', async () => {
    const file = join(root, 'thai.bin');
    cpSync(wholeFile, file);
    const entry = await addModel(file, { cacheDir });
    expect(entry).toMatchObject({ name: 'thai', installed: true, inCatalogue: false, sizeBytes: whole.length });
    expect(filesThere()).toEqual(['ggml-thai.bin', 'ggml-thai.bin.json']);
    const listed = await listModels(cacheDir);
    expect(listed.filter((model) => model.installed).map((model) => model.name)).toEqual(['thai']);
    expect(listed.map((model) => model.name)).toEqual([
      'thai',
      'tiny',
      'base',
      'small',
      'medium',
      'large-v3-turbo',
      'large',
    ]);
    expect(await removeModel('thai', { cacheDir })).toEqual({ freedBytes: expect.any(Number) });
    expect(filesThere()).toEqual([]);
    await expect(removeModel('thai', { cacheDir })).rejects.toMatchObject({ kind: 'usage' });
    await expect(removeModel('../models/ggml-thai', { cacheDir })).rejects.toMatchObject({ kind: 'usage' });
  });

  test('a published name is only for the published file', async () => {
    await expect(addModel(wholeFile, { cacheDir })).rejects.toMatchObject({
      kind: 'model',
      remedy: expect.stringContaining('another name'),
    });
    expect(filesThere()).toEqual([]);
    expect(await addModel(wholeFile, { cacheDir, catalogue })).toMatchObject({ name: 'base', installed: true });
  });

  test('cut, missing and misnamed files are refused, and nothing stays behind', async () => {
    const cut = join(root, 'cut.bin');
    writeFileSync(cut, whole.subarray(0, 5_000_000));
    await expect(addModel(cut, { cacheDir })).rejects.toMatchObject({ kind: 'model' });
    await expect(addModel(join(root, 'none.bin'), { cacheDir })).rejects.toMatchObject({ kind: 'usage' });
    await expect(addModel(root, { cacheDir })).rejects.toMatchObject({ kind: 'usage' });
    const named = join(root, 'my model.bin');
    cpSync(wholeFile, named);
    await expect(addModel(named, { cacheDir })).rejects.toMatchObject({
      kind: 'usage',
      remedy: expect.stringContaining('ggml-NAME.bin'),
    });
    expect(filesThere()).toEqual([]);
  });

  test('what a killed process had copied is cleared away', async () => {
    const dead = fork('-e', { execArgv: ['-e', ''], stdio: 'ignore' });
    await once(dead, 'exit');
    mkdirSync(folder(), { recursive: true });
    writeFileSync(join(folder(), `ggml-base.bin.adding-${dead.pid}-x`), 'half');
    await addModel(wholeFile, { cacheDir, catalogue });
    expect(filesThere()).toEqual(['ggml-base.bin', 'ggml-base.bin.json']);
  });

  test('a changed bit is found by the recorded checksum', async () => {
    const file = join(root, 'bit.bin');
    cpSync(wholeFile, file);
    const { path } = await addModel(file, { cacheDir });
    const bytes = readFileSync(path as string);
    bytes[bytes.length - 5] = (bytes[bytes.length - 5] as number) ^ 1;
    writeFileSync(path as string, bytes);
    await expect(verifyModel('bit', { cacheDir })).rejects.toMatchObject({
      kind: 'model',
      message: expect.stringContaining('damaged'),
    });
  });

  test('a folder that cannot be written is said to be so', async () => {
    const blocked = join(cacheDir, 'file');
    writeFileSync(blocked, '');
    const remedy = expect.stringContaining('LONGHAND_CACHE');
    await expect(addModel(wholeFile, { cacheDir: blocked, catalogue })).rejects.toMatchObject({ kind: 'disk', remedy });
    const from = await source((request, response) => serve(request, response, whole, '"1"'));
    await expect(pull(from, { cacheDir: blocked })).rejects.toMatchObject({ kind: 'disk', remedy });
    expect(from.requests).toHaveLength(0);
  });
});
