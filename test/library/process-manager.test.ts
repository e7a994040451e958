/** The process manager as a program has it that uses the library: by the names that the library exports. */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import {
  type Alert,
  FileRegistry,
  type Health,
  type LogStream,
  type OrphanCleanup,
  ProcessManager,
  type ProcessManagerOptions,
  type ProcessMetrics,
  type ProcessRegistry,
  type ProcessStatus,
  processEnvironment,
  type RegisteredProcess,
  type RegisterOptions,
  type Registration,
} from '../../src/index.ts';
import { scratchPath } from '../support/scratch.ts';

it('keeps its records where it is told to, for whoever looks there', async () => {
  const [logDir, records] = [scratchPath('library logs'), scratchPath('library records')];
  const told: string[] = [];
  const registry: ProcessRegistry = new FileRegistry(records, (sentence) => told.push(sentence));
  const options: ProcessManagerOptions = { logDir, registry, onProblem: (sentence) => told.push(sentence) };
  const [first, second] = [new ProcessManager(options), new ProcessManager(options)];
  onTestFinished(async () => {
    await Promise.all([first.killProcessTree('a', { timeoutSeconds: 0 }), first.close(), second.close()]);
  });

  const child = spawn('sh', ['-c', 'echo begun; exec sleep 1000'], {
    env: { ...process.env, ...processEnvironment() },
  });
  const often: RegisterOptions = { intervalSeconds: 0.1 };
  const registration: Registration = await first.registerProcess('a', child, 'sleep', often);
  expect(registration).toMatchObject({ pid: child.pid, registered: true });
  expect(readdirSync(records)).toEqual(['transcribe_job_a.process.json']);
  const recorded: RegisteredProcess | undefined = await new FileRegistry(records).get('a');
  expect(recorded).toMatchObject({ jobId: 'a', command: 'sleep', identity: { pid: child.pid } });

  const lines: LogStream = second.streamLogs('a');
  for await (const line of lines) if (line.endsWith('begun')) break;
  const status: ProcessStatus = await second.getProcessStatus('a');
  expect(status).toMatchObject({ running: true, pid: child.pid });
  const figures: ProcessMetrics = await second.metrics();
  expect(figures).toMatchObject({ totalJobs: 1, activeProcesses: 1, logFilesCount: 1 });
  const before: Health = await second.healthCheck();
  expect(before).toMatchObject({ status: 'healthy', alerts: [] });

  // Nobody watches it as far as the second can tell, and its time is over at once.
  const cleanup: OrphanCleanup = await second.cleanupOrphanedProcesses({ timeoutSeconds: -1 });
  expect(cleanup).toMatchObject({ cleaned: 1, killed: [{ jobId: 'a', pid: child.pid }], spared: [] });
  const [alert]: Alert[] = (await second.healthCheck()).alerts;
  expect(alert).toMatchObject({ level: 'critical', metric: 'orphanedCleaned', value: 1 });
  expect(await registry.get('a')).toBeUndefined();
  expect(told).toEqual([]);
});
