/**
 * Everything the set-up says goes to stderr: stdout belongs to the command that follows it.
 * @param {string} line
 */
export function say(line) {
  process.stderr.write(`longhand set-up: ${line}\n`);
}

/** Something the user must see to. Printed without a stack. */
export class SetUpError extends Error {
  /**
   * @param {string} message what is wrong and what to do about it
   * @param {string} [output] all that the failed program printed
   */
  constructor(message, output) {
    super(message);
    this.name = 'SetUpError';
    this.output = output;
  }
}

/** Ctrl-C, or a signal that means the same. */
export class Interrupted extends Error {
  /** @param {NodeJS.Signals} signal */
  constructor(signal) {
    super(`Stopped by ${signal}.`);
    this.name = 'Interrupted';
    this.signal = signal;
  }
}
