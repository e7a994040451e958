import { readdirSync } from 'node:fs';
import { environmentOf, RUN_TOKEN_VARIABLE } from './identity.ts';

/** The run tokens that living processes of this user carry, each once. Reads the environment of each: for sweeps only. */
export function tokensOfProcesses(): string[] {
  if (process.platform !== 'linux') return [];
  const entry = `\0${RUN_TOKEN_VARIABLE}=`;
  const tokens = new Set<string>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const environment = environmentOf(Number(name));
    const start = environment?.indexOf(entry) ?? -1;
    if (!environment || start < 0) continue;
    const value = start + entry.length;
    const end = environment.indexOf(0, value);
    tokens.add(environment.toString('utf8', value, end < 0 ? undefined : end));
  }
  return [...tokens];
}
