import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { JobLog } from '../../src/logs/job-log.ts';
import { ProcessManager } from '../../src/supervisor/process-manager.ts';
import { writeFigures } from '../../src/supervisor/service-figures.ts';
import { scratchPath } from '../support/scratch.ts';
import { start } from './processes.ts';

test('the figures of each process that runs are a line of level DEBUG', async () => {
  const logDir = scratchPath('logs');
  const processes = new ProcessManager({ logDir });
  onTestFinished(() => processes.close());
  const { child, identity } = await start('sleep', ['600']);
  await processes.registerProcess(1, child, 'sleep');
  const log = new JobLog(join(logDir, 'longhand.log'), { now: systemClock.now, level: 'DEBUG' });
  await writeFigures(processes, [1, 2], log);
  await log.close();
  const lines = readFileSync(log.path, 'utf8').trimEnd().split('\n');
  expect(lines).toEqual([
    expect.stringMatching(
      new RegExp(
        ` DEBUG +processes +Job 1: process ${identity.pid}, CPU (\\d+ %|unknown), memory (\\d+ MB|unknown), for \\d+ s$`,
      ),
    ),
  ]);
});
