import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import Fastify from 'fastify';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { ApiClient } from '../../src/api/client.ts';
import { listenOn, removeSocket } from '../../src/api/socket.ts';
import { socketPathFor } from '../../src/api/socket-path.ts';
import { scratchPath } from '../support/scratch.ts';

/** What Linux and macOS take both. */
const LONGEST_BYTES = 99;

describe('the socket', () => {
  test('is in the data folder as long as its path is short enough', () => {
    expect(socketPathFor('/data')).toBe('/data/owner.sock');
    const longest = `/${'d'.repeat(LONGEST_BYTES - '/'.length - '/owner.sock'.length)}`;
    expect(socketPathFor(longest)).toBe(`${longest}/owner.sock`);
    expect(Buffer.byteLength(socketPathFor(longest))).toBe(LONGEST_BYTES);
  });

  test('is elsewhere when it is not, in a folder of this user', () => {
    const tooLong = `/${'d'.repeat(LONGEST_BYTES - '/owner.sock'.length)}`;
    const path = socketPathFor(tooLong, '/tmp');
    expect(dirname(path)).toBe(`/tmp/longhand-${userInfo().uid}`);
    expect(Buffer.byteLength(path)).toBeLessThanOrEqual(LONGEST_BYTES);
  });

  test('is measured in bytes, as the kernel does', () => {
    expect(socketPathFor(`/${'ก'.repeat(40)}`, '/tmp')).toMatch(/^\/tmp\/longhand-/);
  });

  test('is the same for the same folder and another for another', () => {
    const long = (end: string) => socketPathFor(`/${'d'.repeat(200)}/${end}`, '/tmp');
    expect(long('a')).toBe(long('a'));
    expect(long('a')).not.toBe(long('b'));
  });
});

describe('listening for a data folder whose path is too long', () => {
  const dataDir = () => {
    const path = join(mkdtempSync(scratchPath('data-')), 'd'.repeat(100));
    mkdirSync(path);
    return path;
  };
  /** Makes a folder, with a short name, the one for temporary files. */
  const temporary = () => {
    const path = mkdtempSync(join(tmpdir(), 't-'));
    onTestFinished(() => rmSync(path, { recursive: true, force: true }));
    vi.stubEnv('TMPDIR', path);
    return join(path, `longhand-${userInfo().uid}`);
  };
  const server = () => {
    const app = Fastify();
    app.get('/livez', () => ({ status: 'alive' }));
    onTestFinished(() => app.close());
    return app;
  };
  afterEach(() => vi.unstubAllEnvs());

  test('both are for this user alone, and nothing stays behind', async () => {
    const folder = temporary();
    const data = dataDir();
    const app = server();
    const path = await listenOn(app, data);
    expect(path).toBe(socketPathFor(data));
    expect(dirname(path)).toBe(folder);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await new ApiClient(path).get('/livez')).toEqual({ status: 'alive' });
    await app.close();
    removeSocket(path, data);
    removeSocket(path, data);
    expect(existsSync(folder)).toBe(false);
  });

  test('a folder that others may look into is closed to them', async () => {
    const folder = temporary();
    mkdirSync(folder);
    chmodSync(folder, 0o755);
    await listenOn(server(), dataDir());
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  test.each<[string, (folder: string) => void]>([
    ['a file', (folder) => writeFileSync(folder, '')],
    ['a link to a folder', (folder) => symlinkSync(mkdtempSync(scratchPath('elsewhere-')), folder)],
    ['a link to nowhere', (folder) => symlinkSync('/nowhere/at/all', folder)],
  ])('%s in the place of the folder is refused, in words', async (_, plant) => {
    const folder = temporary();
    plant(folder);
    const refused = listenOn(server(), dataDir());
    await expect(refused).rejects.toMatchObject({ kind: 'disk', message: expect.stringContaining(folder) });
  });

  test('what a dead owner left is replaced', async () => {
    temporary();
    const data = dataDir();
    const path = socketPathFor(data);
    mkdirSync(dirname(path), { mode: 0o700 });
    writeFileSync(path, 'not a socket');
    expect(await listenOn(server(), data)).toBe(path);
    expect(await new ApiClient(path).get('/livez')).toEqual({ status: 'alive' });
  });
});

test('in a data folder the socket is removed and the folder stays', async () => {
  const data = mkdtempSync(join(tmpdir(), 'd-'));
  onTestFinished(() => rmSync(data, { recursive: true, force: true }));
  const app = Fastify();
  const path = await listenOn(app, data);
  expect(path).toBe(join(data, 'owner.sock'));
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await app.close();
  removeSocket(path, data);
  expect(existsSync(path)).toBe(false);
  expect(existsSync(data)).toBe(true);
});
