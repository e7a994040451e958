import type { ChildProcess } from 'node:child_process';

/** The address that a process says. What else it says is read too, so that it never waits for a reader. */
export function addressOf(service: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    service.on('close', () => reject(new Error(`The service ended: ${said}`)));
    service.stderr?.on('data', (piece) => {
      said += piece;
      const found = /http:\/\/[\d.]+:\d+/.exec(said);
      if (found) resolve(found[0]);
    });
  });
}
