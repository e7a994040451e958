/**
 * Every metric that Longhand has, by its name at Prometheus. What each means is in `docs/monitoring.md`.
 *
 * The names follow https://prometheus.io/docs/practices/naming/: base units, `_total` for what only grows. The four that begin
 * with `transcription` have no prefix, because dashboards know them so.
 */
import { Counter, type CounterConfiguration, Gauge, Histogram, Registry } from 'prom-client';

/** From a voice memo to a day of recordings. */
const DURATION_BUCKETS_SECONDS = [1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400, 28_800];
/** From a large machine with a small model to a small machine with a large one. */
const REALTIME_BUCKETS = [0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10];

export type Metrics = ReturnType<typeof defineMetrics>;

/** Makes them all, in a registry of their own. */
export function defineMetrics() {
  const registry = new Registry();
  const registers = [registry];
  const counter = <T extends string = never>(name: string, help: string, labelNames: readonly T[] = []) =>
    new Counter<T>({ name, help, labelNames, registers } satisfies CounterConfiguration<T>);
  const gauge = <T extends string = never>(name: string, help: string, labelNames: readonly T[] = []) =>
    new Gauge<T>({ name, help, labelNames, registers });
  const histogram = <T extends string>(name: string, help: string, labelNames: readonly T[], buckets: number[]) =>
    new Histogram<T>({ name, help, labelNames, buckets, registers });

  return {
    registry,

    transcriptions: counter('transcriptions_total', 'Jobs that were completed or have failed.', ['engine']),
    failed: counter('transcriptions_failed_total', 'Jobs that have failed, by the kind of error.', ['kind']),
    duration: histogram(
      'transcription_duration_seconds',
      'Time that a completed job was worked on, all its runs together.',
      ['engine'],
      DURATION_BUCKETS_SECONDS,
    ),
    queueSize: gauge('transcription_queue_size', 'Jobs that wait to be started.'),

    queueWork: gauge('longhand_queue_work_seconds', 'Seconds of work that wait, as learned from earlier runs.'),
    queuePaused: gauge('longhand_queue_paused', '1 while the queue is paused, by whom.', ['by']),
    jobs: gauge('longhand_jobs', 'Jobs in the database, by status.', ['status']),
    audio: counter('longhand_audio_seconds_total', 'Seconds of recording that became text.', ['engine']),
    realtimeFactor: histogram(
      'longhand_realtime_factor',
      'Seconds of work for a second of recording, of each completed job.',
      ['engine'],
      REALTIME_BUCKETS,
    ),
    stageDuration: histogram(
      'longhand_stage_duration_seconds',
      'Time from the start of a stage to its end, of each completed job.',
      ['stage'],
      DURATION_BUCKETS_SECONDS,
    ),
    runs: counter('longhand_runs_total', 'Runs that have ended, by how.', ['outcome']),
    retries: counter('longhand_retries_total', 'Retries after an error, by its kind.', ['kind']),

    startedJobs: gauge('longhand_started_jobs', 'Jobs that were started here at least once (totalJobs).'),
    jobsWithPid: gauge('longhand_jobs_with_pid', 'Of these, jobs whose process is recorded.'),
    activeProcesses: gauge('longhand_active_processes', 'Registered runners that run.'),
    stuckProcesses: gauge('longhand_stuck_processes', 'Runners registered as running that do not run.'),
    orphanedProcesses: gauge('longhand_orphaned_processes', 'Registered runners without a heartbeat for 300 s.'),
    orphanedCleaned: counter('longhand_orphaned_cleaned_total', 'Orphans that were cleaned up.'),
    heartbeatDelay: gauge(
      'longhand_avg_heartbeat_delay_seconds',
      'By how much heartbeats came late, on average over the last 100.',
    ),
    jobCpu: gauge('longhand_job_cpu_cores', 'Cores that the processes of all jobs keep busy.'),
    jobMemory: gauge('longhand_job_memory_bytes', 'Resident memory of the processes of all jobs.'),
    logFiles: gauge('longhand_log_files', 'Files of logs, rotated parts included.'),
    logSize: gauge('longhand_log_size_bytes', 'What all logs take on the disk.'),
    errors: counter('longhand_errors_total', 'Failures around jobs that were survived.'),

    streams: gauge('longhand_event_streams', 'Streams over which clients follow events or logs now.'),
    sockets: gauge('longhand_event_sockets', 'WebSockets over which pages and other clients follow what happens now.'),
    databaseSize: gauge('longhand_database_size_bytes', 'What the database takes on its disk, backups apart.'),
    diskFree: gauge('longhand_disk_free_bytes', 'Free on the disk of the data folder.'),
    diskSize: gauge('longhand_disk_size_bytes', 'Size of the disk of the data folder.'),
    ready: gauge('longhand_ready', '1 while work can be taken, as /readyz says.'),
    build: gauge('longhand_build_info', 'Always 1; the version is in the labels.', ['version', 'node']),
    scrapeErrors: counter('longhand_scrape_errors_total', 'Figures that could not be had for a scrape, by source.', [
      'source',
    ]),

    loopDelayMean: gauge('longhand_event_loop_delay_mean_seconds', 'Delay of the event loop since the last scrape.'),
    loopDelayP99: gauge('longhand_event_loop_delay_p99_seconds', 'The 99th percentile of that delay.'),
    loopDelayMax: gauge('longhand_event_loop_delay_max_seconds', 'The longest such delay.'),
    cpu: counter('process_cpu_seconds_total', 'User and system CPU time of the service itself.'),
    memory: gauge('process_resident_memory_bytes', 'Resident memory of the service itself.'),
    startTime: gauge('process_start_time_seconds', 'When the service started, since the Unix epoch.'),
    openFiles: gauge('process_open_fds', 'Open file descriptors of the service itself.'),
  };
}
