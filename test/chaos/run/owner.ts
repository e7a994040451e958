/**
 * An owner of a data folder and nothing else: the product's own, with a clock that can be set.
 *
 * What it is told and what it tells are in `owner-protocol.ts`. SIGTERM closes it; afterwards it must end by itself, so
 * that whatever it should have let go of shows.
 */
import { startOwner } from '../../../src/app.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { type Clock, systemClock } from '../../../src/domain/clock.ts';
import { reportOf } from '../../../src/domain/errors.ts';
import { CLOCK_ARGUMENT, type FromOwner, type ToOwner } from './owner-protocol.ts';

/** Somebody who only asks something may hold the folder for a moment. */
const LOCK_PATIENCE_MS = 15_000;
const LOCK_PAUSE_MS = 20;

let offsetMs = Number(
  process.argv.find((argument) => argument.startsWith(CLOCK_ARGUMENT))?.slice(CLOCK_ARGUMENT.length) ?? 0,
);
const clock: Clock = { ...systemClock, now: () => systemClock.now() + offsetMs };

process.on('message', (message: ToOwner) => {
  if (message.type === 'clock') offsetMs = message.offsetMs;
  if (message.type === 'memory') tellMemory();
});

try {
  const owner = await becomeOwner();
  const close = async () => {
    await owner.close();
    if (process.connected) process.disconnect();
  };
  process.once('SIGTERM', close);
  // Whoever started it is gone, and nobody would ever end it.
  process.once('disconnect', close);
  tell({ type: 'ready', socketPath: owner.socketPath, recovered: owner.recovered.map(({ jobId }) => jobId) });
} catch (error) {
  tell({ type: 'failed', error: reportOf(error) });
  process.exitCode = 1;
  if (process.connected) process.disconnect();
}

async function becomeOwner() {
  const { config } = loadConfig();
  const deadline = performance.now() + LOCK_PATIENCE_MS;
  for (;;) {
    const owner = await startOwner(config, {
      acceptsJobs: true,
      clock,
      onWarning: (sentence) => tell({ type: 'warning', sentence }),
    });
    if (owner) return owner;
    if (performance.now() > deadline) throw new Error('Somebody else holds the data folder.');
    await systemClock.sleep(LOCK_PAUSE_MS);
  }
}

function tellMemory(): void {
  // Twice, since what the first round frees may hold more.
  globalThis.gc?.();
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  tell({ type: 'memory', rssBytes: rss, heapBytes: heapUsed });
}

function tell(message: FromOwner): void {
  // A message that cannot be delivered has nobody who waits for it.
  if (process.connected) process.send?.(message, () => undefined);
}
