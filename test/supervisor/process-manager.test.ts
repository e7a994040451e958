import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Clock, systemClock } from '../../src/domain/clock.ts';
import {
  isAlive,
  type ProcessIdentity,
  processEnvironment,
  processesWithToken,
  RUN_TOKEN_VARIABLE,
  readStat,
  signalProcess,
} from '../../src/supervisor/identity.ts';
import { sweep } from '../../src/supervisor/kill-tree.ts';
import { ProcessManager, type ProcessManagerOptions } from '../../src/supervisor/process-manager.ts';
import { FileRegistry, type RegisteredProcess } from '../../src/supervisor/process-registry.ts';
import { scratchPath } from '../support/scratch.ts';
import { identityOf, inState, until } from './processes.ts';

const linux = test.skipIf(process.platform !== 'linux');
const PATIENT_SECONDS = 60;
const BRIEF_SECONDS = 0.1;
/** How often a monitor looks here. */
const QUICK_SECONDS = 0.1;
const DAY_MS = 24 * 3_600_000;

let folders = 0;
function logFolder(): string {
  folders += 1;
  return scratchPath(`logs ${folders}`);
}

/** A manager and the problems it met; closed when the test is over. */
function manage(logDir = logFolder(), options: Partial<ProcessManagerOptions> = {}) {
  const problems: string[] = [];
  const manager = new ProcessManager({ logDir, onProblem: (sentence) => problems.push(sentence), ...options });
  onTestFinished(() => manager.close());
  return { manager, problems, logDir };
}

interface Launched {
  child: ChildProcess;
  identity: ProcessIdentity;
  ended: Promise<unknown>;
}

/** A process whose output nobody reads but who is tested; gone when the test is over. */
function launch(command: string, args: string[], options: SpawnOptions = {}): Launched {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  const ended = once(child, 'exit');
  const identity = identityOf(child.pid as number);
  const token = options.env?.[RUN_TOKEN_VARIABLE];
  onTestFinished(async () => {
    signalProcess(identity, 'SIGKILL');
    await ended;
    if (token) await sweep(token, systemClock);
  });
  return { child, identity, ended };
}

const sleeper = (options: SpawnOptions = {}) => launch('sleep', ['1000'], options);
const fixture = (name: string, options: SpawnOptions = {}) => launch('sh', [join('test/fixtures', name)], options);
const withToken = () => ({ env: { ...process.env, ...processEnvironment() } });

const recordOf = (logDir: string, jobId: string | number) => join(logDir, `transcribe_job_${jobId}.process.json`);
const logOf = (logDir: string, jobId: string | number) => join(logDir, `transcribe_job_${jobId}.log`);
const gone = (path: string) => until(() => !existsSync(path), `${path} is gone`);

/** Waits until a log has this in it. */
async function said(path: string, text: string): Promise<string> {
  const content = () => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  await until(() => content().includes(text), `"${text}" in ${path}`);
  return content();
}

/** The number that a fixture says, from its job's log. */
async function numberSaid(path: string): Promise<number> {
  const found = () => (existsSync(path) ? / runner +(\d+)$/m.exec(readFileSync(path, 'utf8'))?.[1] : undefined);
  await until(() => found() !== undefined, `a number in ${path}`);
  return Number(found());
}

/** Writes a record as another instance would have, of any process. */
async function plant(logDir: string, jobId: string, identity: ProcessIdentity, more: Partial<RegisteredProcess> = {}) {
  const facts = { command: 'planted', token: undefined, leadsGroup: false, logPath: logOf(logDir, jobId) };
  const entry = { jobId, identity, ...facts, registeredAt: 0, lastHeartbeat: 0, ...more };
  expect(await new FileRegistry(logDir).save(entry)).toBe(true);
}

/** Nothing was sent to it: what was sent before would have ended it by the time it answers to this. */
async function provedUnharmed(identity: ProcessIdentity): Promise<void> {
  expect(signalProcess(identity, 'SIGSTOP')).toBe(true);
  await until(() => 'T-'.includes(readStat(identity.pid)?.state ?? '-'), 'stopped');
  expect(isAlive(identity)).toBe(true);
  signalProcess(identity, 'SIGCONT');
}

/** Builds a program that imports from `./src/…`. */
async function program(source: string): Promise<string> {
  const outfile = scratchPath(`${randomUUID()}.mjs`);
  const stdin = { contents: source, resolveDir: process.cwd(), loader: 'ts' as const };
  await build({ stdin, bundle: true, platform: 'node', format: 'esm', outfile });
  return outfile;
}

describe('registering', () => {
  test('records who it is, keeps what it prints, and forgets it when it has ended', async () => {
    const { manager, problems, logDir } = manage();
    const { child, identity, ended } = launch('sh', ['-c', 'echo one; echo two >&2; read _; echo three'], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const answer = await manager.registerProcess(7, child, 'a test');
    expect(answer).toEqual({ pid: child.pid, logPath: logOf(logDir, 7), registered: true });
    expect(statSync(recordOf(logDir, 7)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(recordOf(logDir, 7), 'utf8'))).toMatchObject({
      jobId: '7',
      command: 'a test',
      identity,
    });
    expect(await manager.isProcessRunning('7')).toBe(true);

    child.stdin?.end('\n');
    await ended;
    await gone(recordOf(logDir, 7));
    expect(await manager.isProcessRunning(7)).toBe(false);
    const log = await said(logOf(logDir, 7), 'three');
    expect(log).toMatch(/INFO +supervisor +Process \d+ is registered: a test/);
    for (const word of ['one', 'two']) expect(log).toMatch(new RegExp(`runner +${word}$`, 'm'));
    expect(problems).toEqual([]);
  });

  linux('comes too late for a process that has ended, but its words are kept', async () => {
    const { manager, problems, logDir } = manage();
    const child = spawn('sh', ['test/fixtures/exits-0.sh']);
    // Without giving the turn away, or Node would notice the end and throw the words away.
    while (readStat(child.pid as number)?.state !== 'Z');
    const { registered } = await manager.registerProcess('quick', child, 'exits 0');
    expect(registered).toBe(false);
    await said(logOf(logDir, 'quick'), 'nothing to do');
    expect(problems).toEqual([expect.stringContaining('It does not run.')]);
    expect(existsSync(recordOf(logDir, 'quick'))).toBe(false);
  });

  linux('of a process that ends meanwhile loses none of its words', async () => {
    const { manager, logDir } = manage();
    const child = spawn('sh', ['-c', 'read _; echo going'], { stdio: ['pipe', 'pipe', 'pipe'] });
    const answer = manager.registerProcess('quick', child, 'going');
    child.stdin.end('\n');
    while (readStat(child.pid as number)?.state !== 'Z');
    expect((await answer).registered).toBe(true);
    await said(logOf(logDir, 'quick'), 'going');
    await gone(recordOf(logDir, 'quick'));
  });

  test('the same process again changes nothing', async () => {
    const { manager, problems } = manage();
    const { child, identity } = sleeper();
    const answers = await Promise.all([1, 2, 3].map(() => manager.registerProcess('a', child, 'sleep')));
    expect(answers.map(({ registered }) => registered)).toEqual([true, true, true]);
    expect((await manager.registerProcess('a', identity.pid, 'sleep')).registered).toBe(true);
    expect(isAlive(identity)).toBe(true);
    expect(problems).toEqual([]);
  });

  test('the same process again, by another instance, joins the first', async () => {
    const { manager, logDir } = manage();
    class Full extends FileRegistry {
      override save(): Promise<boolean> {
        return Promise.reject(new Error('The disk is full.'));
      }
    }
    const other = manage(logDir, { registry: new Full(logDir) });
    const [{ child, identity, ended }, unknown] = [sleeper(), sleeper()];
    await manager.registerProcess('a', child, 'sleep');
    expect((await other.manager.registerProcess('a', identity.pid, 'sleep')).registered).toBe(true);
    expect((await other.manager.registerProcess('b', unknown.child, 'sleep')).registered).toBe(false);
    await unknown.ended;
    expect(other.problems).toHaveLength(2);
    expect(await manager.unregisterProcess('a')).toBe(true);
    expect(isAlive(identity)).toBe(true);
    signalProcess(identity, 'SIGKILL');
    await ended;
  });

  test('another process for a job is refused and ended, while the first lives', async () => {
    const { manager, problems } = manage();
    const first = sleeper();
    const second = fixture('ignores-term.sh', { detached: true });
    await manager.registerProcess('a', first.child, 'the first');
    expect((await manager.registerProcess('a', second.child, 'the second')).registered).toBe(false);
    await second.ended;
    expect(isAlive(first.identity)).toBe(true);
    expect(problems).toEqual([expect.stringContaining(`Process ${first.identity.pid} or what it started still lives`)]);
    // After the first it is free.
    await manager.killProcessTree('a', { timeoutSeconds: 0 });
    expect((await manager.registerProcess('a', sleeper().child, 'the third')).registered).toBe(true);
  });

  test('of several at once exactly one wins, also from several instances', async () => {
    const logDir = logFolder();
    const managers = [manage(logDir), manage(logDir), manage(logDir)];
    for (let round = 0; round < 5; round += 1) {
      const rivals = managers.map(({ manager }) => ({ manager, ...sleeper() }));
      const answers = await Promise.all(
        rivals.map(({ manager, child }) => manager.registerProcess(`round ${round}`, child, 'sleep')),
      );
      const winners = answers.filter(({ registered }) => registered);
      expect(winners).toHaveLength(1);
      for (const [index, { identity, ended }] of rivals.entries()) {
        if (answers[index]?.registered) expect(isAlive(identity)).toBe(true);
        else await ended;
      }
    }
    expect(readdirSync(logDir).filter((name) => /\.(new|old|part)$/.test(name))).toEqual([]);
  });

  test('where nothing can be recorded ends the child, whoever started it stays', async () => {
    const logDir = logFolder();
    writeFileSync(logDir, 'not a folder');
    const { manager, problems } = manage(logDir);
    const child = fixture('ignores-term.sh', { detached: true });
    expect((await manager.registerProcess('a', child.child, 'x')).registered).toBe(false);
    await child.ended;
    const numbered = sleeper();
    expect((await manager.registerProcess('b', numbered.identity.pid, 'x')).registered).toBe(false);
    await numbered.ended;
    // A number may be anybody's; only a child is ours to end.
    expect((await manager.registerProcess('c', process.ppid, 'x')).registered).toBe(false);
    expect(process.kill(process.ppid, 0)).toBe(true);
    expect(problems).toHaveLength(6);
    expect((await manager.healthCheck()).alerts).toContainEqual(expect.objectContaining({ level: 'critical' }));
  });

  test('what does not run cannot be registered', async () => {
    const { manager } = manage();
    const missing = spawn(scratchPath('no such program'), { stdio: 'ignore' });
    const failed = once(missing, 'error');
    const answer = await manager.registerProcess('a', missing, 'nothing');
    expect(answer).toMatchObject({ pid: undefined, registered: false });
    await failed;
    const over = sleeper();
    signalProcess(over.identity, 'SIGKILL');
    await over.ended;
    expect((await manager.registerProcess('a', over.child, 'over')).registered).toBe(false);
    for (const pid of [2 ** 22 + 1, 0, -1, Number.NaN]) {
      expect((await manager.registerProcess('a', pid, 'nobody')).registered).toBe(false);
    }
  });

  test('a process works on one job only, and a token belongs to one job', async () => {
    const { manager, problems } = manage();
    const env = withToken();
    const [one, other] = [sleeper(env), sleeper(env)];
    await manager.registerProcess('a', one.child, 'sleep');
    expect((await manager.registerProcess('b', one.child, 'sleep')).registered).toBe(false);
    expect((await manager.registerProcess('b', other.child, 'sleep')).registered).toBe(process.platform !== 'linux');
    // To end them would end the process of job a.
    for (const { identity } of [one, other]) expect(isAlive(identity)).toBe(true);
    expect(problems[0]).toContain('It works on job a.');
  });

  linux("what this process inherited itself is not taken for its child's", async () => {
    const { manager, logDir } = manage();
    const token = randomUUID();
    process.env[RUN_TOKEN_VARIABLE] = token;
    onTestFinished(() => {
      delete process.env[RUN_TOKEN_VARIABLE];
    });
    const [ours, sibling] = [sleeper(), sleeper()];
    expect(processesWithToken(token)).toHaveLength(2);
    await manager.registerProcess('a', ours.child, 'sleep');
    expect(JSON.parse(readFileSync(recordOf(logDir, 'a'), 'utf8')).token).toBeNull();
    expect(await manager.killProcessTree('a', { timeoutSeconds: 0 })).toBe(true);
    expect(isAlive(sibling.identity)).toBe(true);
  });

  test.each(['../../up', 'a/b c', 'ก', '.', '', 'x'.repeat(500)])(
    'any text may be the id of a job: %j',
    async (jobId) => {
      const { manager, problems, logDir } = manage();
      const { child } = sleeper();
      const { logPath } = await manager.registerProcess(jobId, child, 'sleep');
      expect(readdirSync(logDir).filter((name) => name.endsWith('.process.json'))).toHaveLength(1);
      expect(logPath.slice(logDir.length + 1)).not.toContain('/');
      expect(await manage(logDir).manager.isProcessRunning(jobId)).toBe(true);
      expect(await manager.killProcessTree(jobId, { timeoutSeconds: 0 })).toBe(true);
      expect(problems).toEqual([]);
    },
  );

  test('taken back leaves the process running, and its words still come to the log', async () => {
    const { manager, logDir } = manage();
    const { child, identity } = launch('sh', ['-c', 'read _; echo still there; exec sleep 1000'], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    await manager.registerProcess('a', child, 'x');
    expect(await manager.unregisterProcess('a')).toBe(true);
    expect(await manager.unregisterProcess('a')).toBe(false);
    expect(existsSync(recordOf(logDir, 'a'))).toBe(false);
    expect(await manager.isProcessRunning('a')).toBe(false);
    expect(await manager.killProcessTree('a')).toBe(false);
    child.stdin?.end('\n');
    await said(logOf(logDir, 'a'), 'still there');
    expect(isAlive(identity)).toBe(true);
  });
});

describe('a process', () => {
  test('tells what it does', async () => {
    const { manager } = manage();
    const { child } = launch(process.execPath, ['-e', 'for (;;);']);
    await manager.registerProcess('busy', child, 'node');
    expect(await manager.getProcessStatus('nobody')).toEqual({
      running: false,
      pid: null,
      cpuPercent: 0,
      memoryMb: 0,
      elapsedSeconds: 0,
    });
    await until(() => (readStat(child.pid as number)?.cpuTicks ?? 99) > 20, 'it has worked for a while');
    const { running, pid, cpuPercent, memoryMb, elapsedSeconds } = await manager.getProcessStatus('busy');
    expect({ running, pid }).toEqual({ running: true, pid: child.pid });
    expect(elapsedSeconds).toBeGreaterThan(0);
    if (process.platform === 'linux') {
      expect(cpuPercent).toBeGreaterThan(0);
      expect(memoryMb).toBeGreaterThan(1);
    }
  });

  linux('that is a zombie does not run', async () => {
    const { manager, logDir } = manage();
    // The shell becomes a program that waits for nobody.
    const parent = launch('sh', ['-c', 'sleep 1000 & echo $!; exec sleep 1000']);
    await manager.registerProcess('parent', parent.child, 'sh');
    const identity = identityOf(await numberSaid(logOf(logDir, 'parent')));
    await manager.registerProcess('a', identity.pid, 'sleep', { intervalSeconds: PATIENT_SECONDS });
    expect(await manager.isProcessRunning('a')).toBe(true);
    signalProcess(identity, 'SIGKILL');
    await inState(identity.pid, 'Z');
    expect(await manager.isProcessRunning('a')).toBe(false);
    expect((await manager.getProcessStatus('a')).running).toBe(false);
    expect(await manager.killProcess('a')).toBe(false);
    expect(await manager.killProcessTree('a')).toBe(false);
    expect(existsSync(recordOf(logDir, 'a'))).toBe(false);
  });

  test('that floods is not held up, and neither is one whose log was closed', async () => {
    const { manager, logDir } = manage();
    const { child, ended } = fixture('floods.sh');
    const twice = [manager.registerProcess('a', child, 'floods'), manager.registerProcess('a', child, 'floods')];
    expect((await Promise.all(twice)).map(({ registered }) => registered)).toEqual([true, true]);
    let lines = 0;
    let last = '';
    for await (last of manager.streamLogs('a')) lines += 1;
    expect(last).toMatch(/runner +through$/);
    // The first line says that it is registered.
    expect(lines).toBe(100_002);
    await ended;
    // It was rotated on the way.
    expect(readdirSync(logDir).length).toBeGreaterThan(1);

    const late = fixture('floods.sh');
    await manager.registerProcess('b', late.child, 'floods');
    await manager.close();
    await late.ended;
    expect(late.child.exitCode).toBe(0);
  });
});

describe('killing', () => {
  test('one process: TERM, or KILL by force, to it alone', async () => {
    const { manager, logDir } = manage();
    const polite = launch(process.execPath, ['test/fixtures/ends-on-term.js']);
    await manager.registerProcess('a', polite.child, 'node');
    await said(logOf(logDir, 'a'), 'ready');
    expect(await manager.killProcess('a')).toBe(true);
    await polite.ended;
    expect(polite.child.exitCode).toBe(0);
    await said(logOf(logDir, 'a'), 'bye');

    const stubborn = fixture('leaves-child.sh', withToken());
    await manager.registerProcess('b', stubborn.child, 'sh');
    const child = identityOf(await numberSaid(logOf(logDir, 'b')));
    expect(await manager.killProcess('b', { force: true })).toBe(true);
    await stubborn.ended;
    expect(stubborn.child.signalCode).toBe('SIGKILL');
    expect(isAlive(child)).toBe(true);
    expect(await manager.killProcess('nobody')).toBe(false);
  });

  test('one that stopped itself is continued, so that it heeds TERM', async () => {
    const { manager, logDir } = manage();
    const { child, identity, ended } = fixture('stops-itself.sh');
    await manager.registerProcess('a', child, 'sh');
    await said(logOf(logDir, 'a'), 'ready');
    if (process.platform === 'linux') await inState(identity.pid, 'T');
    expect(await manager.killProcess('a')).toBe(true);
    await ended;
    expect(child.exitCode).toBe(0);
    await said(logOf(logDir, 'a'), 'bye');
  });

  linux('a tree: all of it, whatever it ignores and wherever it went; the log names it', async () => {
    const { manager, problems, logDir } = manage();
    const env = withToken();
    const { child, ended } = fixture('double-forks.sh', env);
    await manager.registerProcess('a', child, 'double-forks.sh');
    const daemon = identityOf(await numberSaid(logOf(logDir, 'a')));
    await until(() => readStat(daemon.pid)?.parentPid !== child.pid, 'it lost its parent');
    // It says its number just before it becomes what it is named for.
    await until(() => readFileSync(`/proc/${daemon.pid}/comm`, 'utf8').trim() === 'sleep', 'it is sleep');
    expect(await manager.killProcessTree('a', { timeoutSeconds: PATIENT_SECONDS })).toBe(true);
    await ended;
    expect(isAlive(daemon)).toBe(false);
    expect(processesWithToken(env.env[RUN_TOKEN_VARIABLE])).toEqual([]);
    expect(existsSync(recordOf(logDir, 'a'))).toBe(false);
    const log = readFileSync(logOf(logDir, 'a'), 'utf8');
    expect(log).toMatch(new RegExp(`Ended when it was asked to: sleep \\(pid ${daemon.pid}\\)`));
    expect(await manager.killProcessTree('a')).toBe(false);
    expect(problems).toEqual([]);
  });

  test('a tree that ignores TERM, by two at once: both say that it is gone', async () => {
    const { manager, logDir } = manage();
    const { child, ended } = fixture('ignores-term.sh', { detached: true });
    await manager.registerProcess('a', child, 'ignores-term.sh');
    await said(logOf(logDir, 'a'), 'ready');
    const other = manage(logDir).manager;
    const answers = await Promise.all([
      manager.killProcessTree('a', { timeoutSeconds: PATIENT_SECONDS }),
      other.killProcessTree('a', { timeoutSeconds: BRIEF_SECONDS }),
    ]);
    expect(answers).toEqual([true, true]);
    await ended;
    expect(child.signalCode).toBe('SIGKILL');
  });

  linux('what a crashed process left behind is found by its token, and keeps its job taken', async () => {
    const { manager, problems, logDir } = manage();
    const { child, ended } = fixture('daemonises.sh', withToken());
    await manager.registerProcess('a', child, 'daemonises.sh');
    const daemon = identityOf(await numberSaid(logOf(logDir, 'a')));
    child.kill('SIGKILL');
    await ended;
    const next = sleeper();
    expect((await manager.registerProcess('a', next.child, 'the next')).registered).toBe(false);
    expect(problems).toHaveLength(1);
    expect(await manager.isProcessRunning('a')).toBe(false);
    expect(await manager.killProcessTree('a')).toBe(true);
    expect(isAlive(daemon)).toBe(false);
    expect(existsSync(recordOf(logDir, 'a'))).toBe(false);
  });

  test("a bare pid in the caller's own group: the others in it live on", async () => {
    const { manager } = manage();
    const [ours, sibling] = [sleeper(), sleeper()];
    await manager.registerProcess('a', ours.identity.pid, 'sleep');
    expect(await manager.killProcessTree('a', { timeoutSeconds: PATIENT_SECONDS })).toBe(true);
    await ours.ended;
    await provedUnharmed(sibling.identity);
  });

  linux('whoever leads the group of the caller is ended without the caller', async () => {
    const script = await program(`
      import { spawn } from 'node:child_process';
      import { ProcessManager } from './src/supervisor/process-manager.ts';
      const manager = new ProcessManager({ logDir: process.argv[2] });
      const parent = process.ppid;
      const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
      const { registered } = await manager.registerProcess('parent', parent, 'sh');
      const killed = await manager.killProcessTree('parent', { timeoutSeconds: ${BRIEF_SECONDS} });
      const self = await manager.registerProcess('self', process.pid, 'this');
      const suicide = [await manager.killProcess('self', { force: true }), await manager.killProcessTree('self')];
      // It is in the group as well, but the child of this one: a signal to the group would have ended it.
      const spared = child.kill('SIGKILL') && child.signalCode === null;
      console.log(JSON.stringify({ registered, killed, self: self.registered, suicide, spared }));
      await manager.close();
    `);
    const { manager, logDir } = manage();
    const command = 'trap "" TERM; "$0" "$1" "$2"; :';
    const { child } = launch('sh', ['-c', command, process.execPath, script, logFolder()], { detached: true });
    await manager.registerProcess('a', child, 'sh');
    const log = await said(logOf(logDir, 'a'), 'registered":');
    expect(log).toContain('{"registered":true,"killed":true,"self":true,"suicide":[false,false],"spared":true}');
    expect(isAlive({ ...identityOf(process.pid), pid: child.pid as number })).toBe(false);
  });
});

describe('a number that belongs to somebody else by now', () => {
  test('is never signalled, and its job is settled', async () => {
    const { manager, problems, logDir } = manage();
    const foreign = sleeper({ detached: true });
    const planted = { ...foreign.identity, startTime: `${foreign.identity.startTime}1` };
    for (const jobId of ['a', 'b']) await plant(logDir, jobId, planted, { leadsGroup: true });
    expect(await manager.isProcessRunning('a')).toBe(false);
    expect((await manager.getProcessStatus('a')).running).toBe(false);
    expect(await manager.startMonitoring('a')).toBe(false);
    expect(await manager.killProcess('a', { force: true })).toBe(false);
    expect(await manager.killProcessTree('a')).toBe(false);
    expect(existsSync(recordOf(logDir, 'a'))).toBe(false);
    expect(await manager.cleanupOrphanedProcesses()).toEqual({
      cleaned: 1,
      killed: [],
      spared: [{ jobId: 'b', pid: foreign.identity.pid }],
    });
    expect(readdirSync(logDir)).toEqual([]);
    await provedUnharmed(foreign.identity);
    expect(problems).toEqual([]);
  });

  test('does not keep a job from getting a new process', async () => {
    const { manager, logDir } = manage();
    await plant(logDir, 'a', { ...sleeper().identity, bootId: 'another start of the machine' });
    const { child } = sleeper();
    expect((await manager.registerProcess('a', child, 'sleep')).registered).toBe(true);
    expect((await manager.getProcessStatus('a')).pid).toBe(child.pid);
  });
});

describe('another instance', () => {
  test('sees, reads, watches and ends what the first registered', async () => {
    const first = manage();
    const { child, ended } = launch('sh', ['-c', 'echo hello; exec sleep 1000']);
    await first.manager.registerProcess(3, child, 'sleep');
    await said(logOf(first.logDir, 3), 'hello');
    const second = manage(first.logDir).manager;
    expect(await second.isProcessRunning(3)).toBe(true);
    expect((await second.getProcessStatus(3)).pid).toBe(child.pid);
    expect((await second.getLogs(3, { lines: 1 }))[0]).toContain('hello');
    expect(await second.startMonitoring(3, { intervalSeconds: QUICK_SECONDS })).toBe(true);
    expect(await second.metrics()).toMatchObject({
      totalJobs: 1,
      jobsWithPid: 1,
      activeProcesses: 1,
      stuckProcesses: 0,
    });
    expect(await second.killProcessTree(3, { timeoutSeconds: PATIENT_SECONDS })).toBe(true);
    await ended;
    await gone(recordOf(first.logDir, 3));
    expect(await first.manager.isProcessRunning(3)).toBe(false);
  });

  test('finds it after the program that registered it was killed', async () => {
    const logDir = logFolder();
    const script = await program(`
      import { spawn } from 'node:child_process';
      import { processEnvironment } from './src/supervisor/identity.ts';
      import { ProcessManager } from './src/supervisor/process-manager.ts';
      const manager = new ProcessManager({ logDir: process.argv[2] });
      const env = { ...process.env, ...processEnvironment() };
      const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore', env });
      const { registered } = await manager.registerProcess('left', child, 'sleep');
      console.log(registered ? child.pid : 0);
    `);
    const { manager } = manage(logFolder());
    const { child, ended } = launch(process.execPath, [script, logDir]);
    const { logPath } = await manager.registerProcess('program', child, 'node');
    const left = identityOf(await numberSaid(logPath));
    onTestFinished(() => {
      signalProcess(left, 'SIGKILL');
    });
    child.kill('SIGKILL');
    await ended;

    const next = manage(logDir).manager;
    expect(await next.isProcessRunning('left')).toBe(true);
    expect((await next.cleanupOrphanedProcesses({ timeoutSeconds: 3600 })).cleaned).toBe(0);
    expect(await next.cleanupOrphanedProcesses({ timeoutSeconds: 0 })).toEqual({
      cleaned: 1,
      killed: [{ jobId: 'left', pid: left.pid, command: 'sleep' }],
      spared: [],
    });
    expect(isAlive(left)).toBe(false);
    expect(await next.metrics()).toMatchObject({ orphanedCleaned: 1, totalJobs: 0 });
  });
});

describe('cleaning up', () => {
  test('ends what has no heartbeat, spares what has one, and does it once', async () => {
    let aheadMs = 0;
    const clock: Clock = { ...systemClock, now: () => Date.now() + aheadMs };
    const logDir = logFolder();
    const before = manage(logDir, { clock });
    const [orphan, watched] = [sleeper(), sleeper()];
    await before.manager.registerProcess('orphan', orphan.child, 'sleep');
    await before.manager.close();
    const { manager } = manage(logDir, { clock });
    await manager.registerProcess('watched', watched.child, 'sleep', { intervalSeconds: PATIENT_SECONDS });
    expect((await manager.cleanupOrphanedProcesses()).cleaned).toBe(0);
    aheadMs = 301_000;
    expect((await manager.healthCheck()).orphanedCount).toBe(1);
    const other = manage(logDir, { clock }).manager;
    await other.startMonitoring('watched', { intervalSeconds: QUICK_SECONDS });
    await until(() => statSync(recordOf(logDir, 'watched')).mtimeMs > Date.now() + 200_000, 'a heartbeat');
    const reports = await Promise.all([manager, manager, other].map((one) => one.cleanupOrphanedProcesses()));
    const killed = reports.flatMap((report) => report.killed);
    expect(new Set(killed.map(({ pid }) => pid))).toEqual(new Set([orphan.identity.pid]));
    await orphan.ended;
    expect(isAlive(watched.identity)).toBe(true);
    expect(existsSync(recordOf(logDir, 'orphan'))).toBe(false);
  });

  test('old logs go, those of registered processes stay', async () => {
    const { manager, logDir } = manage();
    const { child } = sleeper();
    await manager.registerProcess('new', child, 'sleep');
    await said(logOf(logDir, 'new'), 'registered');
    for (const jobId of ['old', 'new']) {
      writeFileSync(logOf(logDir, jobId), 'some words\n');
      const time = new Date(Date.now() - 8 * DAY_MS);
      utimesSync(logOf(logDir, jobId), time, time);
    }
    expect(await manager.cleanupOldLogs({ days: 9 })).toEqual({ files: 0, bytes: 0 });
    expect(await manager.cleanupOldLogs()).toEqual({ files: 1, bytes: 11 });
    expect(existsSync(logOf(logDir, 'new'))).toBe(true);
    expect(existsSync(logOf(logDir, 'old'))).toBe(false);
  });
});

describe('watching', () => {
  test('notices the end of any process, and stops when it is told to', async () => {
    const { manager, logDir } = manage();
    const [one, other] = [sleeper(), sleeper()];
    await manager.registerProcess('one', one.identity.pid, 'sleep', { intervalSeconds: QUICK_SECONDS });
    await manager.registerProcess('other', other.identity.pid, 'sleep', { intervalSeconds: QUICK_SECONDS });
    expect(await manager.stopMonitoring('other')).toBe(true);
    expect(await manager.stopMonitoring('other')).toBe(false);
    const { mtimeMs } = statSync(recordOf(logDir, 'other'));
    for (const { identity, ended } of [one, other]) {
      signalProcess(identity, 'SIGKILL');
      await ended;
    }
    await gone(recordOf(logDir, 'one'));
    expect(statSync(recordOf(logDir, 'other')).mtimeMs).toBe(mtimeMs);
    expect(await manager.metrics()).toMatchObject({ totalJobs: 1, activeProcesses: 0, stuckProcesses: 1 });
  });

  test('survives a listener that fails, and a registry that fails or hangs; each is counted and told', async () => {
    const logDir = logFolder();
    let beats = 0;
    class Unsteady extends FileRegistry {
      override async beat(jobId: string, at: number): Promise<boolean> {
        beats += 1;
        if (beats === 2) throw new Error('The disk is on fire.');
        if (beats === 3) return new Promise(() => undefined);
        return super.beat(jobId, at);
      }
    }
    const { manager, problems } = manage(logDir, {
      registry: new Unsteady(logDir),
      // Long enough for a busy disk to answer.
      probeTimeoutSeconds: 3,
    });
    let samples = 0;
    const { child, identity } = sleeper();
    await manager.registerProcess('a', child, 'sleep', {
      intervalSeconds: QUICK_SECONDS,
      onSample: async () => {
        samples += 1;
        throw new Error('The listener is tired.');
      },
    });
    await until(() => beats >= 6, 'more heartbeats');
    expect(isAlive(identity)).toBe(true);
    expect(await manager.isProcessRunning('a')).toBe(true);
    const { errorsCount, avgHeartbeatDelay } = await manager.metrics();
    expect(avgHeartbeatDelay).toBeGreaterThanOrEqual(0);
    const told = problems.join('\n');
    expect(told).toContain('The disk is on fire.');
    expect(told).toContain('took longer than');
    if (process.platform === 'linux') {
      expect(told).toContain('The listener is tired.');
      expect(samples).toBeGreaterThanOrEqual(5);
      // Told once, counted each time.
      expect(problems.filter((sentence) => sentence.includes('tired'))).toHaveLength(1);
      expect(errorsCount).toBeGreaterThanOrEqual(7);
    }
    await said(logOf(logDir, 'a'), 'The disk is on fire.');
  });

  test('does not wait for ever for a registry that does not answer', async () => {
    const logDir = logFolder();
    class Deaf extends FileRegistry {
      override get(): Promise<RegisteredProcess | undefined> {
        return new Promise(() => undefined);
      }
    }
    const { manager, problems } = manage(logDir, { registry: new Deaf(logDir), probeTimeoutSeconds: BRIEF_SECONDS });
    await expect(manager.getProcessStatus('a')).rejects.toThrow('took longer than');
    const { child, ended } = sleeper();
    expect((await manager.registerProcess('a', child, 'sleep')).registered).toBe(false);
    await ended;
    expect(problems).toHaveLength(2);
  });

  test('a problem that cannot be told is counted all the same', async () => {
    const logDir = logFolder();
    const { manager } = manage(logDir, {
      onProblem: () => {
        throw new Error('Nobody listens.');
      },
    });
    expect((await manager.registerProcess('a', 0, 'nobody')).registered).toBe(false);
    expect((await manager.metrics()).errorsCount).toBe(2);
  });

  test('a log that cannot be written is counted, and the process goes on', async () => {
    const { manager, logDir } = manage();
    mkdirSync(logOf(logDir, 'a'), { recursive: true });
    const { child, identity } = launch('sh', ['-c', 'echo lost; exec sleep 1000']);
    expect((await manager.registerProcess('a', child, 'sh')).registered).toBe(true);
    let errorsCount = 0;
    while (errorsCount === 0) ({ errorsCount } = await manager.metrics());
    expect(isAlive(identity)).toBe(true);
  });
});

describe('logs', () => {
  const lineNumbers = (lines: string[]) => lines.map((line) => / runner +(\d+)$/.exec(line)?.[1]).filter(Boolean);
  const counting = 'for i in 1 2 3 4 5; do echo $i; done; read _; for i in 6 7; do echo $i; done';
  const start = () => launch('sh', ['-c', counting], { stdio: ['pipe', 'pipe', 'pipe'] });

  test('the last lines, as many as are wanted', async () => {
    const { manager, logDir } = manage();
    const { child, ended } = start();
    expect(await manager.getLogs('a')).toEqual([]);
    await manager.registerProcess('a', child, 'sh');
    expect(manager.getLogPath('a')).toBe(logOf(logDir, 'a'));
    child.stdin?.end('\n');
    await ended;
    await gone(recordOf(logDir, 'a'));
    await said(logOf(logDir, 'a'), ' 7\n');
    expect(lineNumbers(await manager.getLogs('a'))).toEqual(['1', '2', '3', '4', '5', '6', '7']);
    expect(lineNumbers(await manager.getLogs('a', { lines: 2 }))).toEqual(['6', '7']);
    expect(await manager.getLogs('a', { lines: 0 })).toEqual([]);
  });

  test('are followed to the end, from here and from another instance', async () => {
    const { manager, logDir } = manage();
    const { child } = start();
    const registered = manager.registerProcess('a', child, 'sh');
    const all: string[] = [];
    const streamed = manager.streamLogs('a', (line) => {
      all.push(line);
      if (all.length % 2 === 0) throw new Error('The reader is tired.');
    });
    await registered;
    const other = manage(logDir).manager;
    await said(logOf(logDir, 'a'), ' 5\n');
    let ready = 0;
    const readers = [manager, other].map(async (one) => {
      const lines: string[] = [];
      for await (const line of one.getLogs('a', { lines: 2, follow: true })) {
        if (lines.push(line) !== 2) continue;
        ready += 1;
        if (ready === 2) child.stdin?.end('\n');
      }
      return lineNumbers(lines);
    });
    expect(await Promise.all(readers)).toEqual([
      ['4', '5', '6', '7'],
      ['4', '5', '6', '7'],
    ]);
    await streamed.ended;
    expect(lineNumbers(all)).toEqual(['1', '2', '3', '4', '5', '6', '7']);
    expect((await manager.metrics()).errorsCount).toBeGreaterThan(0);
  });

  test('of a job that is over are read and the stream ends; of one that never was there are none', async () => {
    const { manager, logDir } = manage();
    mkdirSync(logDir);
    writeFileSync(logOf(logDir, 'over'), 'one\ntwo\nthr');
    const lines: string[] = [];
    for await (const line of manager.streamLogs('over')) lines.push(line);
    expect(lines).toEqual(['one', 'two', 'thr']);
    for await (const line of manager.streamLogs('never')) expect.unreachable(line);
  });

  test('a stream ends when it is told to, when its reader leaves, and when the manager is closed', async () => {
    const { manager, logDir } = manage();
    const { child } = start();
    await manager.registerProcess('a', child, 'sh');
    await said(logOf(logDir, 'a'), ' 5\n');
    const stopped = manager.streamLogs('a');
    for await (const line of stopped) if (line.endsWith(' 3')) stopped.stop();
    for await (const line of manager.streamLogs('a')) if (line.endsWith(' 3')) break;
    const streams = [manager.streamLogs('a', () => undefined), manager.streamLogs('a', () => undefined)];
    await manager.close();
    await Promise.all(streams.map(({ ended }) => ended));
    expect(lineNumbers(await manager.getLogs('a'))).toEqual(['1', '2', '3', '4', '5']);
  });

  test('no secret comes into them', async () => {
    const { manager, logDir } = manage(logFolder(), { secrets: ['correct horse'] });
    const { child } = launch('sh', ['-c', 'echo the key is correct horse, keep it; exec sleep 1000']);
    await manager.registerProcess('a', child, 'sh --key "correct horse"');
    const log = await said(logOf(logDir, 'a'), 'keep it');
    expect(log).not.toContain('correct horse');
  });
});

describe('health', () => {
  test('is well with nothing to do, and tells what is not', async () => {
    const { manager, logDir } = manage();
    expect(await manager.healthCheck()).toMatchObject({
      status: 'healthy',
      orphanedCount: 0,
      stuckCount: 0,
      activeCount: 0,
      alerts: [],
      totalJobs: 0,
      errorsCount: 0,
      avgHeartbeatDelay: 0,
    });
    const { child } = launch(process.execPath, ['-e', 'setInterval(() => 0, 1000)']);
    await manager.registerProcess('a', child, 'node');
    await said(logOf(logDir, 'a'), 'registered');
    const dead = sleeper();
    await plant(logDir, 'dead', { ...dead.identity, startTime: '1' }, { lastHeartbeat: Date.now() });
    writeFileSync(recordOf(logDir, 'damaged'), '{"jobId":');
    manager.noteHeartbeat('b', 2);
    manager.noteHeartbeat('b', 4);
    const health = await manager.healthCheck();
    expect(health).toMatchObject({
      status: 'degraded',
      orphanedCount: 0,
      stuckCount: 1,
      activeCount: 1,
      totalJobs: 3,
      jobsWithPid: 2,
      activeProcesses: 1,
      stuckProcesses: 1,
      orphanedCleaned: 0,
      logFilesCount: 1,
    });
    expect(health.errorsCount).toBeGreaterThan(0);
    expect(health.logFilesSizeMb).toBeGreaterThan(0);
    expect(health.avgHeartbeatDelay).toBeGreaterThan(0);
    if (process.platform === 'linux') expect(health.totalMemoryMb).toBeGreaterThan(1);
    expect(health.alerts.map(({ level, metric, value }) => ({ level, metric, value }))).toEqual([
      { level: 'warning', metric: 'stuckProcesses', value: 1 },
      { level: 'info', metric: 'jobsWithPid', value: 66 },
    ]);
    manager.noteOrphans(2);
    expect((await manager.healthCheck()).alerts[0]).toMatchObject({
      level: 'critical',
      metric: 'orphanedCleaned',
      value: 2,
    });
  });

  test('tells of logs that take too much', async () => {
    const { manager, logDir } = manage();
    mkdirSync(logDir);
    // Holes take no space on the disk.
    writeFileSync(logOf(logDir, 'huge'), '');
    truncateSync(logOf(logDir, 'huge'), 10 * 1024 ** 3);
    expect((await manager.healthCheck()).status).toBe('healthy');
    truncateSync(logOf(logDir, 'huge'), 10 * 1024 ** 3 + 1);
    expect(await manager.healthCheck()).toMatchObject({
      status: 'degraded',
      alerts: [{ level: 'warning', metric: 'logFilesSizeMb', message: expect.stringMatching(/^Logs take 10.0 GB/) }],
    });
  });

  test('remembers orphans for a day, the count of them for ever', async () => {
    let aheadMs = 0;
    const clock: Clock = { ...systemClock, monotonicMs: () => performance.now() + aheadMs };
    const { manager } = manage(logFolder(), { clock });
    manager.noteOrphans(1);
    expect((await manager.healthCheck()).status).toBe('degraded');
    aheadMs = DAY_MS + 60_000;
    expect(await manager.healthCheck()).toMatchObject({ status: 'healthy', orphanedCleaned: 1 });
  });
});

test('a damaged record is told and harms nobody', async () => {
  const { manager, problems, logDir } = manage();
  const foreign = sleeper();
  await plant(logDir, 'a', foreign.identity);
  const whole = JSON.parse(readFileSync(recordOf(logDir, 'a'), 'utf8'));
  const damages = ['', 'null', '[]', '{}', '\0\0', JSON.stringify({ ...whole, jobId: 'b' })];
  const pids = [-1, 0, 1.5, '1'].map((pid) => JSON.stringify({ ...whole, identity: { ...whole.identity, pid } }));
  let errors = 0;
  for (const text of [...damages, ...pids]) {
    writeFileSync(recordOf(logDir, 'a'), text);
    expect(await manager.isProcessRunning('a')).toBe(false);
    expect(await manager.killProcessTree('a', { timeoutSeconds: 0 })).toBe(false);
    expect((await manager.cleanupOrphanedProcesses({ timeoutSeconds: 0 })).killed).toEqual([]);
    const { totalJobs, jobsWithPid, errorsCount } = await manager.metrics();
    expect({ totalJobs, jobsWithPid }).toEqual({ totalJobs: 1, jobsWithPid: 0 });
    expect(errorsCount).toBeGreaterThan(errors);
    errors = errorsCount;
  }
  expect(problems.join()).toContain('transcribe_job_a.process.json cannot be used: ');
  const { child } = sleeper();
  expect((await manager.registerProcess('a', child, 'sleep')).registered).toBe(true);
  await provedUnharmed(foreign.identity);
});

linux('a program that makes, uses and closes many managers leaks nothing', async () => {
  const script = await program(`
    import { spawn } from 'node:child_process';
    import { once } from 'node:events';
    import { readdirSync } from 'node:fs';
    import { setTimeout as pause } from 'node:timers/promises';
    import { processEnvironment } from './src/supervisor/identity.ts';
    import { ProcessManager } from './src/supervisor/process-manager.ts';

    async function round(number) {
      const manager = new ProcessManager({ logDir: process.argv[2] });
      const env = { ...process.env, ...processEnvironment() };
      const child = spawn('sh', ['-c', 'echo hello; exec sleep 1000'], { env });
      const ended = once(child, 'close');
      await manager.registerProcess(number, child, 'sleep');
      const stream = manager.streamLogs(number, () => undefined);
      await manager.startMonitoring(number, { intervalSeconds: 0.1 });
      await manager.healthCheck();
      if (number % 3 === 0) await manager.unregisterProcess(number);
      if (number % 3 === 1) await manager.close();
      await manager.killProcessTree(number, { timeoutSeconds: 0 });
      child.kill('SIGKILL');
      await Promise.all([manager.close(), manager.close()]);
      await stream.ended;
      await ended;
    }
    /** What is open when nothing is under way any more: what is being closed takes its time. */
    async function settled() {
      let state;
      for (let tries = 0; tries < 1000; tries += 1) {
        await new Promise((resolve) => setImmediate(resolve));
        const resources = process.getActiveResourcesInfo().sort();
        state = { files: readdirSync('/proc/self/fd').length, resources };
        if (resources.every((name) => name === 'PipeWrap')) return state;
        await pause(10);
      }
      return state;
    }
    console.log('begins');
    for (let number = 0; number < 3; number += 1) await round(number);
    const before = await settled();
    for (let number = 3; number < 53; number += 1) await round(number);
    console.log(JSON.stringify({ before, after: await settled() }));
  `);
  const { manager } = manage();
  const { child, ended } = launch(process.execPath, [script, logFolder()], withToken());
  const { logPath } = await manager.registerProcess('a', child, 'node');
  const log = await said(logPath, 'after');
  const { before, after } = JSON.parse(log.slice(log.indexOf('{')));
  expect(after).toEqual(before);
  // Its own output and its errors, nothing else.
  expect(after.resources).toEqual(['PipeWrap', 'PipeWrap']);
  // Nothing keeps it alive.
  await ended;
  expect(child.exitCode).toBe(0);
});
