import type { ChildProcess } from 'node:child_process';
import type { ErrorReport } from '../domain/errors.ts';
import { GOES_ON } from '../domain/remedies.ts';

/** After a child's end a descendant may hold its pipes open; the rest of the output is then given up. */
const OUTPUT_DEADLINE_MS = 1_000;

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** Settles when the process has ended and its output was read, or a moment after its end. Never rejects. */
export function exitOf(child: ChildProcess): Promise<{ exit: Exit }> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      const done = () => resolve({ exit: { code, signal } });
      const deadline = setTimeout(done, OUTPUT_DEADLINE_MS);
      child.once('close', () => {
        clearTimeout(deadline);
        done();
      });
    });
  });
}

/** Whether it was not reaped yet; until then its number is its own. */
export function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

/** A runner that ended without a last word. */
export function crashReport({ code, signal }: Exit): ErrorReport {
  const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
  return { kind: 'crash', message: `The runner ${how} before the job was done.`, remedy: GOES_ON };
}
