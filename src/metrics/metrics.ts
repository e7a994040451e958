/**
 * The figures of the service for Prometheus. What ends is counted as it ends (`endings.ts`); how things stand is read when
 * somebody asks, at most every few seconds. A source that fails costs its own figures and no others.
 */
import { readdirSync } from 'node:fs';
import { JOB_STATUSES, type JobStatus } from '../domain/job.ts';
import type { DiskSpace } from '../files/disk-space.ts';
import type { Ending } from '../store/endings.ts';
import type { QueuePause } from '../store/queue-state.ts';
import { BYTES_PER_MB, type ProcessMetrics } from '../supervisor/health.ts';
import type { News } from '../supervisor/news.ts';
import { defineMetrics, type Metrics } from './definitions.ts';
import { Endings } from './endings.ts';
import { LoopDelay } from './loop-delay.ts';

/** Several scrapers, and people who look, ask for the same. */
const FRESH_MS = 2_000;
const PAUSERS = ['user', 'disk'] as const;
const SOURCES = ['endings', 'processes', 'jobs', 'queue', 'database', 'disk', 'readiness', 'streams'] as const;
type Source = (typeof SOURCES)[number];

/** Where the figures come from. Each may fail. */
export interface MetricsSources {
  version: string;
  monotonicMs(): number;
  /** Calls back for all news from now on. */
  listen(listener: (news: News) => void): () => void;
  endingOf(jobId: number): Promise<Ending | undefined>;
  processes(): Promise<ProcessMetrics & { orphanedCount: number }>;
  byStatus(): Promise<Record<JobStatus, number>>;
  queue(): Promise<{ waiting: number; workSeconds: number; pause: QueuePause | undefined }>;
  databaseBytes(): Promise<number>;
  diskSpace(): Promise<DiskSpace>;
  isReady(): Promise<boolean>;
  /** Streams of events that are open. */
  streams(): number;
  /** WebSockets that are open. */
  sockets(): number;
}

export class ServiceMetrics {
  readonly #sources: MetricsSources;
  readonly #metrics: Metrics = defineMetrics();
  readonly #endings: Endings;
  readonly #loopDelay = new LoopDelay();
  readonly #stopListening: () => void;
  #last: { at: number; text: Promise<string> } | undefined;

  constructor(sources: MetricsSources) {
    this.#sources = sources;
    this.#endings = new Endings({
      metrics: this.#metrics,
      endingOf: sources.endingOf,
      onMissed: () => this.#missed('endings'),
    });
    this.#stopListening = sources.listen((news) => this.#endings.hear(news));
    for (const source of SOURCES) this.#metrics.scrapeErrors.inc({ source }, 0);
    this.#metrics.build.set({ version: sources.version, node: process.versions.node }, 1);
    this.#metrics.startTime.set(Math.round(Date.now() / 1000 - process.uptime()));
  }

  /** All figures in Prometheus' text format, at most two seconds old. */
  async text(): Promise<string> {
    const now = this.#sources.monotonicMs();
    if (!this.#last || now - this.#last.at >= FRESH_MS) this.#last = { at: now, text: this.#look() };
    return await this.#last.text;
  }

  close(): void {
    this.#stopListening();
    this.#loopDelay.close();
  }

  async #look(): Promise<string> {
    const { byStatus, databaseBytes, diskSpace, isReady, processes, queue, streams, sockets } = this.#sources;
    const m = this.#metrics;
    await this.#endings.counted();
    await Promise.all([
      this.#from('processes', [...processGauges(m), m.orphanedCleaned, m.errors], processes, (found) =>
        setProcesses(m, found),
      ),
      this.#from('jobs', [m.jobs], byStatus, (counts) => {
        for (const status of JOB_STATUSES) m.jobs.set({ status }, counts[status]);
      }),
      this.#from('queue', [m.queueSize, m.queueWork, m.queuePaused], queue, ({ waiting, workSeconds, pause }) => {
        m.queueSize.set(waiting);
        m.queueWork.set(workSeconds);
        for (const by of PAUSERS) m.queuePaused.set({ by }, pause?.by === by ? 1 : 0);
      }),
      this.#from('database', [m.databaseSize], databaseBytes, (bytes) => m.databaseSize.set(bytes)),
      this.#from('disk', [m.diskFree, m.diskSize], diskSpace, ({ freeBytes, totalBytes }) => {
        m.diskFree.set(freeBytes);
        m.diskSize.set(totalBytes);
      }),
      this.#from('readiness', [m.ready], isReady, (ready) => m.ready.set(ready ? 1 : 0)),
      this.#from(
        'streams',
        [m.streams, m.sockets],
        async () => ({ streams: streams(), sockets: sockets() }),
        (open) => {
          m.streams.set(open.streams);
          m.sockets.set(open.sockets);
        },
      ),
    ]);
    this.#setOwn();
    return await m.registry.metrics();
  }

  /** Takes what a source tells; without it its figures are left out, and not those of the last time. */
  async #from<T>(
    source: Source,
    metrics: { reset(): void; remove(labels: object): void }[],
    ask: () => Promise<T>,
    take: (found: T) => void,
  ): Promise<void> {
    try {
      const found = await ask();
      for (const metric of metrics) metric.reset();
      take(found);
    } catch {
      for (const metric of metrics) {
        metric.reset();
        metric.remove({});
      }
      this.#missed(source);
    }
  }

  #missed(source: Source): void {
    this.#metrics.scrapeErrors.inc({ source });
  }

  /** Of this process. */
  #setOwn(): void {
    const { cpu, memory, openFiles, loopDelayMean, loopDelayP99, loopDelayMax } = this.#metrics;
    const { user, system } = process.cpuUsage();
    const delay = this.#loopDelay.take();
    cpu.reset();
    cpu.inc((user + system) / 1e6);
    memory.set(process.memoryUsage.rss());
    loopDelayMean.set(delay.mean);
    loopDelayP99.set(delay.p99);
    loopDelayMax.set(delay.max);
    if (process.platform === 'linux') openFiles.set(readdirSync('/proc/self/fd').length);
    else openFiles.remove({});
  }
}

function processGauges(m: Metrics) {
  return [
    ...[m.startedJobs, m.jobsWithPid, m.activeProcesses, m.stuckProcesses, m.orphanedProcesses, m.heartbeatDelay],
    ...[m.jobCpu, m.jobMemory, m.logFiles, m.logSize],
  ];
}

function setProcesses(m: Metrics, found: ProcessMetrics & { orphanedCount: number }): void {
  m.startedJobs.set(found.totalJobs);
  m.jobsWithPid.set(found.jobsWithPid);
  m.activeProcesses.set(found.activeProcesses);
  m.stuckProcesses.set(found.stuckProcesses);
  m.orphanedProcesses.set(found.orphanedCount);
  m.heartbeatDelay.set(found.avgHeartbeatDelay);
  m.jobCpu.set(found.totalCpuUsage / 100);
  m.jobMemory.set(found.totalMemoryMb * BYTES_PER_MB);
  m.logFiles.set(found.logFilesCount);
  m.logSize.set(Math.round(found.logFilesSizeMb * BYTES_PER_MB));
  m.orphanedCleaned.inc(found.orphanedCleaned);
  m.errors.inc(found.errorsCount);
}
