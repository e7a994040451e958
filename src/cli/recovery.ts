import type { Recovery } from '../session/owner-process.ts';
import { say } from './output.ts';

/** Tells the user what a dead owner had left. */
export function tellRecovered(recovered: readonly Recovery[]): void {
  for (const recovery of recovered) say(recoverySentence(recovery));
}

/** What became of a job whose owner had died. */
export function recoverySentence({ jobId, killed, status }: Recovery): string {
  const processes = killed.map(({ pid, command }) => `${command} (${pid})`).join(', ');
  const found = `Job ${jobId} was left behind by a process that died${processes && `, ended ${processes}`}`;
  switch (status) {
    case 'pending':
      return `${found}; it is pending at its checkpoint.`;
    case 'failed':
      return `${found}; it has failed, and what was done is kept. Why: longhand show ${jobId}`;
  }
}
