import { spawn } from 'node:child_process';
import { say } from './output.ts';

/** Opens an address of ours in the browser, or says that it could not; nobody waits for it. */
export function openBrowser(address: string): void {
  const program = process.platform === 'darwin' ? 'open' : 'xdg-open';
  const url = forBrowser(address);
  const failed = (why: string) => say(`The browser could not be opened (${program}: ${why}). Open it yourself: ${url}`);
  const child = spawn(program, [url], { stdio: 'ignore', detached: true });
  child.on('error', (error: NodeJS.ErrnoException) => failed(error.code === 'ENOENT' ? 'not found' : error.message));
  child.on('exit', (code) => {
    if (code !== null && code !== 0) failed(`code ${code}`);
  });
  child.unref();
}

/** What listens on every address is reached on the loopback. */
export function forBrowser(address: string): string {
  return address.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}
