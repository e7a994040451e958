import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { ModelBusyError, ModelShelf, NoSuchModelError } from '../../src/engines/model-shelf.ts';
import { writeGgmlModel } from '../support/ggml-model.ts';
import { scratchPath } from '../support/scratch.ts';

test('a download is stopped, goes on where it was, and its model is kept as long as a job needs it', async () => {
  const file = scratchPath('ggml-base.bin');
  writeGgmlModel(file, { script: [0, ' one', 1] });
  const whole = readFileSync(file);
  const ranges: (string | undefined)[] = [];
  let half: (() => void) | undefined;
  const halfSent = new Promise<void>((resolve) => {
    half = resolve;
  });
  const held: ServerResponse[] = [];
  const server = createServer((request, response) => {
    const { range } = request.headers;
    ranges.push(range);
    const start = Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
    response.setHeader('etag', '"one"');
    if (range) {
      const head = { 'content-range': `bytes ${start}-${whole.length - 1}/${whole.length}` };
      response.writeHead(206, { ...head, 'content-length': whole.length - start }).end(whole.subarray(start));
    } else {
      held.push(response);
      response.writeHead(200, { 'content-length': whole.length });
      response.write(whole.subarray(0, whole.length >> 1), half);
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as { port: number };
  const sha1 = createHash('sha1').update(whole).digest('hex');
  const catalogue = [{ name: 'base', fileName: 'ggml-base.bin', sizeBytes: whole.length, sha1 }];
  const cacheDir = scratchPath('shelf');
  const shelf = new ModelShelf({ cacheDir, source: `http://127.0.0.1:${port}`, clock: systemClock, catalogue });
  onTestFinished(() => shelf.close());

  expect(() => shelf.pull('bass')).toThrow(NoSuchModelError);
  expect(shelf.pull('base')).toMatchObject({ name: 'base', status: 'pulling', totalBytes: whole.length });
  await halfSent;
  // How much has come is told now and then only; what has come is there.
  const models = join(cacheDir, 'models');
  const received = () => readdirSync(models).reduce((sum, name) => sum + statSync(join(models, name)).size, 0);
  await vi.waitFor(() => expect(received()).toBeGreaterThan(1000), { timeout: 20_000 });
  // Asked for again it is the same one.
  shelf.pull('base');
  expect(ranges).toHaveLength(1);
  await expect(shelf.remove('base', async () => [])).rejects.toThrow(NoSuchModelError);
  expect(await shelf.cancel('base')).toMatchObject({ status: 'cancelled', error: null });
  expect(await shelf.list()).toMatchObject([{ name: 'base', installed: false }]);

  shelf.pull('base');
  await vi.waitFor(() => expect(shelf.pulls()).toMatchObject([{ status: 'complete' }]), { timeout: 60_000 });
  expect(ranges[1]).toMatch(/^bytes=[1-9]/);
  expect(await shelf.list()).toMatchObject([{ name: 'base', installed: true, memoryBytes: expect.any(Number) }]);

  await expect(shelf.remove('base', async () => ['base'])).rejects.toThrow(ModelBusyError);
  expect(await shelf.remove('base', async () => ['small'])).toMatchObject({ name: 'base' });
  expect(readdirSync(models)).toEqual([]);
});
