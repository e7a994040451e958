import { EXIT } from './shell.ts';

/** What was asked of this process from outside. */
export type Interruption = { signal: NodeJS.Signals; code: number };

const CODES: Partial<Record<NodeJS.Signals, number>> = {
  SIGINT: EXIT.interrupted,
  SIGTERM: EXIT.terminated,
  SIGHUP: 129,
};

/**
 * Listens for Ctrl-C, a polite kill and a closed terminal.
 * @param first called once, for the first of them
 * @param second called for each one after
 * @returns a function that stops listening
 */
export function onInterrupt(first: (interruption: Interruption) => void, second: (interruption: Interruption) => void) {
  let interrupted = false;
  const listener = (signal: NodeJS.Signals) => {
    const interruption = { signal, code: CODES[signal] ?? EXIT.interrupted };
    if (interrupted) return second(interruption);
    interrupted = true;
    first(interruption);
  };
  const signals = Object.keys(CODES) as NodeJS.Signals[];
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}
