import type { JobLog } from '../logs/job-log.ts';
import type { ProcessManager, ProcessStatus } from './process-manager.ts';

/**
 * Writes a line of level DEBUG for each job on what its processes use now.
 * @param log the service's own
 */
export async function writeFigures(
  processes: Pick<ProcessManager, 'getProcessStatus'>,
  jobIds: readonly number[],
  log: JobLog,
): Promise<void> {
  for (const jobId of jobIds) {
    const status = await processes.getProcessStatus(jobId);
    if (status.running) log.write('DEBUG', 'processes', `Job ${jobId}: ${figuresIn(status)}`);
  }
}

function figuresIn({ pid, cpuPercent, memoryMb, elapsedSeconds }: ProcessStatus): string {
  const cpu = cpuPercent === null ? 'CPU unknown' : `CPU ${Math.round(cpuPercent)} %`;
  const memory = memoryMb === null ? 'memory unknown' : `memory ${Math.round(memoryMb)} MB`;
  return `process ${pid}, ${cpu}, ${memory}, for ${Math.round(elapsedSeconds)} s`;
}
