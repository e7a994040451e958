/** A PostgreSQL server on a free port of the loopback, in the tests' temporary folder. Knows nothing of Vitest. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import pg from 'pg';
import { TEST_TMP } from './leave-nothing.ts';

/** Debian and Homebrew keep the server's programs off the PATH. */
const FOLDERS = ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt'];
/** The administrator, whom nobody asks for a password. */
export const USER = 'app';
/** Longer, and the socket's name in it is too long for the system. */
const MAX_SOCKET_FOLDER = 80;
/** Somebody else may take a free port before the server does. */
const PORTS_TRIED = 5;
const READY = /ready to accept connections/;
/** Nothing here has to outlive a power cut. */
const SETTINGS = {
  fsync: 'off',
  full_page_writes: 'off',
  shared_buffers: '32MB',
  max_connections: '100',
  wal_level: 'minimal',
  max_wal_senders: '0',
  autovacuum: 'off',
  jit: 'off',
};
/** The one user who is asked for a password. */
export const GUARDED = { user: 'guarded', password: 'hunter2-of-the-test' };
const WHO_MAY = `
host all ${GUARDED.user} 127.0.0.1/32 scram-sha-256
local all all trust
host all all 127.0.0.1/32 trust
`;

/** Where the server's programs are. */
export const POSTGRES_BIN = folderOf('initdb');

/** A server that runs. */
export interface ServerProcess {
  port: number;
  isRunning(): boolean;
  /** kill -9, as far as clients see: no goodbye. */
  stop(): Promise<void>;
}

/** Starts a server; whoever does so stops it. Should this process be killed, the server ends by itself. */
export async function startServer(): Promise<ServerProcess> {
  const folder = makeFolder();
  try {
    makeCluster(folder);
    const { child, port } = await startOnFreePort(folder);
    await makeGuarded(port);
    return processOf(folder, child, port);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

function processOf(folder: string, child: ChildProcess, port: number): ServerProcess {
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const stop = async () => {
    if (isRunning()) {
      const ended = once(child, 'exit');
      child.kill('SIGQUIT');
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  return { port, isRunning, stop };
}

async function makeGuarded(port: number): Promise<void> {
  const client = new pg.Client({ connectionString: `postgres://${USER}@127.0.0.1:${port}/postgres` });
  await client.connect();
  await client.query(`create role ${GUARDED.user} login password '${GUARDED.password}'`);
  await client.end();
}

function makeCluster(folder: string): void {
  const asked = ['-D', join(folder, 'data'), '-U', USER, '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C'];
  const [command, ...args] = [...asServerUser(), join(POSTGRES_BIN as string, 'initdb'), ...asked];
  const { status, stderr, error } = spawnSync(command as string, args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`initdb failed: ${error?.message ?? stderr}`);
  writeFileSync(join(folder, 'data', 'pg_hba.conf'), WHO_MAY);
}

async function startOnFreePort(folder: string): Promise<{ child: ChildProcess; port: number }> {
  for (let tried = 1; ; tried += 1) {
    const port = await freePort();
    const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const sockets = folder.length <= MAX_SOCKET_FOLDER ? folder : '';
    const where = ['-D', join(folder, 'data'), '-h', '127.0.0.1', '-p', String(port), '-k', sockets];
    const [command, ...args] = [
      ...asServerUser(),
      ...dyingWithUs(),
      join(POSTGRES_BIN as string, 'postgres'),
      ...where,
      ...settings,
    ];
    const child = spawn(command as string, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    const said = await readiness(child);
    if (READY.test(said)) return { child, port };
    if (tried === PORTS_TRIED || !/Address already in use/.test(said))
      throw new Error(`PostgreSQL does not start: ${said}`);
  }
}

/** What the server says until it is ready, or ends. */
function readiness(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (READY.test(said)) return;
      said += text;
      if (READY.test(said)) resolve(said);
    });
    child.on('error', reject);
    child.on('close', () => resolve(said));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

/** The server refuses to run as root, and its user must get to its folder. */
function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'postgres-'));
  if (!isRoot()) return folder;
  const outermost = process.env[TEST_TMP];
  for (let at = dirname(folder); outermost && at.startsWith(outermost); at = dirname(at)) {
    chmodSync(at, statSync(at).mode | 0o011);
  }
  const owner = spawnSync('chown', [`${serverUser()}:`, folder], { encoding: 'utf8' });
  if (owner.status !== 0) throw new Error(`chown failed: ${owner.stderr}`);
  return folder;
}

function asServerUser(): string[] {
  if (!isRoot()) return [];
  const user = serverUser();
  const group = spawnSync('id', ['-g', user], { encoding: 'utf8' }).stdout.trim();
  return ['setpriv', `--reuid=${user}`, `--regid=${group}`, '--init-groups'];
}

/** The kernel ends the server should this process be killed. A change of user would undo that, so it comes behind one. */
function dyingWithUs(): string[] {
  return process.platform === 'linux' && findInPath('setpriv') ? ['setpriv', '--pdeathsig', 'QUIT'] : [];
}

function serverUser(): string {
  return /^postgres:/m.test(readFileSync('/etc/passwd', 'utf8')) ? 'postgres' : 'nobody';
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function findInPath(program: string): string | undefined {
  return (process.env.PATH ?? '').split(delimiter).find((folder) => folder && existsSync(join(folder, program)));
}

/** As the set-up looks for it (scripts/setup/find-program.js). */
function folderOf(program: string): string | undefined {
  const versions = FOLDERS.filter((folder) => existsSync(folder)).flatMap((folder) =>
    readdirSync(folder)
      .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
      .map((name) => join(folder, name, 'bin')),
  );
  return findInPath(program) ?? versions.find((folder) => existsSync(join(folder, program)));
}
