/** A runner: one attempt at a job, in a process of its own. Started by the supervisor, never by hand. */
import { ffmpegVersion } from '../audio/ffmpeg.ts';
import { reportOf } from '../domain/errors.ts';
import type { Engine } from '../engines/engine.ts';
import { engineNamed } from '../engines/registry.ts';
import { usableMemoryBytes } from '../native/memory.ts';
import { ownOomKills } from '../native/oom.ts';
import { type Checkpoint, LeaseLostError } from '../pipeline/checkpoint.ts';
import type { RunOrder } from '../pipeline/order.ts';
import { runPipeline, StoppedError } from '../pipeline/pipeline.ts';
import { ProgressMeter } from '../pipeline/progress.ts';
import { WorkMeter } from '../pipeline/work-meter.ts';
import { checkpointOver, forkChannel } from './channel.ts';
import { dieWithSupervisor } from './dead-man.ts';
import { HEARTBEAT_INTERVAL_MS, type RunnerOutcome } from './protocol.ts';
import { poolRecogniser } from './recogniser.ts';

/** How long a runner that said `done` waits for the supervisor's goodbye. */
const GOODBYE_MS = 5_000;

const channel = forkChannel();
dieWithSupervisor();
const drain = new AbortController();
const abort = new AbortController();
let work: WorkMeter | undefined;

channel.on((message) => {
  if (message.type === 'start') void run(message.order);
  if (message.type === 'beside') work?.beside(message.cores);
  if (message.type === 'stop') stop(message.graceMs);
  if (message.type === 'goodbye') process.exit(0);
});
process.on('SIGTERM', () => stop(0));
setInterval(() => channel.send({ type: 'heartbeat', sentAt: Date.now() }), HEARTBEAT_INTERVAL_MS).unref();
channel.send({ type: 'ready' });

/** Begins nothing new; gives up what is in flight after the grace. */
function stop(graceMs: number): void {
  drain.abort(new StoppedError());
  if (graceMs <= 0) abort.abort(new StoppedError());
  else setTimeout(() => abort.abort(new StoppedError()), graceMs).unref();
}

async function run(order: RunOrder): Promise<void> {
  const outcome = await attempt(order);
  await channel.sendAndFlush({ type: 'done', outcome });
  setTimeout(() => process.exit(0), GOODBYE_MS);
}

/** Which programs this run works with, for whoever looks for what went wrong. The work does not wait for it. */
async function recordVersions(order: RunOrder, engine: Engine, checkpoint: Checkpoint): Promise<void> {
  try {
    const [ffmpeg, { detail }] = await Promise.all([ffmpegVersion(), engine.check(order.settings)]);
    await checkpoint.setFacts({ versions: { ...order.versions, ffmpeg, [engine.name]: detail } });
  } catch (error) {
    const message = `The versions of the programs could not be recorded: ${reportOf(error).message}`;
    channel.send({ type: 'log', level: 'DEBUG', stage: 'prepare', message });
  }
}

function progressMeter({ known }: RunOrder, { label }: Engine, work: WorkMeter): ProgressMeter {
  return new ProgressMeter({
    engineLabel: label,
    ...(known.progress === undefined ? {} : { reached: known.progress }),
    figures() {
      const { speed, secondsLeft } = work;
      return { ...(speed === undefined ? {} : { speed }), ...(secondsLeft === undefined ? {} : { secondsLeft }) };
    },
    report: (progress) => channel.send({ type: 'progress', progress }),
  });
}

async function attempt(order: RunOrder): Promise<RunnerOutcome> {
  let refreshing: NodeJS.Timeout | undefined;
  try {
    const engine = engineNamed(order.engine);
    const checkpoint = checkpointOver(channel);
    void recordVersions(order, engine, checkpoint);
    work = new WorkMeter(Date.now);
    const progress = progressMeter(order, engine, work);
    refreshing = setInterval(() => progress.refresh(), HEARTBEAT_INTERVAL_MS);
    await runPipeline({
      order,
      engine,
      checkpoint,
      recognise: poolRecogniser(order, engine, { drain: drain.signal, abort: abort.signal }, (line) =>
        channel.send({ type: 'log', level: 'DEBUG', stage: 'transcribe', message: line }),
      ),
      progress,
      work,
      log: (level, stage, message) => channel.send({ type: 'log', level, stage, message }),
      now: Date.now,
      usableMemoryBytes: () => usableMemoryBytes({ ownLimitBytes: order.memoryLimitBytes }),
      oomKills: ownOomKills,
      drain: drain.signal,
      abort: abort.signal,
    });
    return { type: 'completed' };
  } catch (error) {
    if (error instanceof StoppedError || error instanceof LeaseLostError) return { type: 'stopped' };
    return { type: 'failed', error: reportOf(error) };
  } finally {
    clearInterval(refreshing);
  }
}
