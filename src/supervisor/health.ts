/** How the supervision itself is: its figures, and what of them somebody should look at. */
import { reportOf } from '../domain/errors.ts';
import type { Usage } from './usage.ts';

/** One MB is 1,048,576 bytes here. */
export const BYTES_PER_MB = 1024 * 1024;
/** Together all logs should stay below this. */
const MOST_LOG_MB = 10 * 1024;

/** What can be plotted. */
export interface ProcessMetrics {
  totalJobs: number;
  /** Jobs that have a process recorded. */
  jobsWithPid: number;
  /** Registered processes that run. */
  activeProcesses: number;
  /** Registered as running, but there is no such process. */
  stuckProcesses: number;
  /** Since this instance was made. */
  orphanedCleaned: number;
  /** Seconds by which heartbeats came late, on average over the last 100. */
  avgHeartbeatDelay: number;
  /** Per cent of one core, all processes of all jobs: two busy cores are 200. */
  totalCpuUsage: number;
  /** All processes of all jobs, in MB of 1,048,576 bytes. */
  totalMemoryMb: number;
  /** Rotated parts count as well. */
  logFilesCount: number;
  /** In MB of 1,048,576 bytes. */
  logFilesSizeMb: number;
  /** Failures around jobs that were survived, since this instance was made. */
  errorsCount: number;
}

export type AlertLevel = 'critical' | 'warning' | 'info';

export interface Alert {
  level: AlertLevel;
  /** The metric it is about. */
  metric: keyof ProcessMetrics;
  value: number;
  /** For people: what it is and what to do. */
  message: string;
}

export interface Health extends Partial<ProcessMetrics> {
  /** `degraded` as soon as there is a critical alert or a warning. */
  status: 'healthy' | 'degraded';
  /** Registered processes whose heartbeat is older than 300 s, now. */
  orphanedCount: number;
  stuckCount: number;
  activeCount: number;
  alerts: Alert[];
}

/** What the figures are made of. */
export interface Findings {
  counts: Pick<ProcessMetrics, 'totalJobs' | 'jobsWithPid'>;
  /** Processes that are registered as running. */
  listed: number;
  /** Of each of them that runs; undefined where that cannot be known. */
  usages: (Usage | undefined)[];
  logs: { files: number; bytes: number };
  orphanedCleaned: number;
  avgHeartbeatDelay: number;
  errorsCount: number;
}

export function metricsFrom({ counts, listed, usages, logs, ...counted }: Findings): ProcessMetrics {
  return {
    ...counts,
    activeProcesses: usages.length,
    stuckProcesses: listed - usages.length,
    totalCpuUsage: usages.reduce((sum, usage) => sum + (usage?.cpuPercent ?? 0), 0),
    totalMemoryMb: usages.reduce((sum, usage) => sum + (usage?.rssBytes ?? 0), 0) / BYTES_PER_MB,
    logFilesCount: logs.files,
    logFilesSizeMb: logs.bytes / BYTES_PER_MB,
    ...counted,
  };
}

/**
 * What of the figures somebody should look at.
 * @param recentlyCleaned orphans that were cleaned up within the last day
 */
export function alertsOn(metrics: ProcessMetrics, recentlyCleaned: number): Alert[] {
  const { stuckProcesses, logFilesSizeMb, totalJobs, jobsWithPid } = metrics;
  const alerts: Alert[] = [];
  const alert = (level: AlertLevel, metric: keyof ProcessMetrics, value: number, message: string) =>
    alerts.push({ level, metric, value, message });
  if (recentlyCleaned > 0) {
    const message = `${count(recentlyCleaned, 'orphaned process')} had to be cleaned up in the last 24 hours. Their logs tell why nobody watched over them.`;
    alert('critical', 'orphanedCleaned', recentlyCleaned, message);
  }
  if (stuckProcesses > 0) {
    const message = `${count(stuckProcesses, 'job')} said to be running without a process. The next clean-up settles that.`;
    alert('warning', 'stuckProcesses', stuckProcesses, message);
  }
  if (logFilesSizeMb > MOST_LOG_MB) {
    const message = `Logs take ${(logFilesSizeMb / 1024).toFixed(1)} GB. Clean up old ones, or keep them for fewer days.`;
    alert('warning', 'logFilesSizeMb', logFilesSizeMb, message);
  }
  if (jobsWithPid < totalJobs) {
    const percent = Math.floor((100 * jobsWithPid) / totalJobs);
    const message = `${percent} % of the jobs have their process recorded; the others cannot be watched or ended.`;
    alert('info', 'jobsWithPid', percent, message);
  }
  return alerts;
}

/** The health that follows from the figures. */
export function healthFrom(
  metrics: ProcessMetrics,
  { orphanedCount, recentlyCleaned }: { orphanedCount: number; recentlyCleaned: number },
): Health {
  const alerts = alertsOn(metrics, recentlyCleaned);
  return {
    status: alerts.some(({ level }) => level !== 'info') ? 'degraded' : 'healthy',
    orphanedCount,
    stuckCount: metrics.stuckProcesses,
    activeCount: metrics.activeProcesses,
    alerts,
    ...metrics,
  };
}

/** The health when not even the figures can be had. */
export function healthUnknown(error: unknown, errorsCount: number): Health {
  const message = `How the processes are cannot be told: ${reportOf(error).message}`;
  return {
    status: 'degraded',
    orphanedCount: 0,
    stuckCount: 0,
    activeCount: 0,
    errorsCount,
    alerts: [{ level: 'critical', metric: 'errorsCount', value: errorsCount, message }],
  };
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : noun.endsWith('s') ? 'es' : 's'}`;
}
