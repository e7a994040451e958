import { LonghandError, reportOf, UsageError } from '../domain/errors.ts';
import { printable } from '../logs/printable.ts';
import { EXIT } from './shell.ts';

export { byteSize } from '../domain/bytes.ts';

/** Lines at the bottom of a terminal that are redrawn; whatever else is written goes above them. */
export interface LiveLines {
  clear(): void;
  draw(): void;
}

let live: LiveLines | undefined;

/** From now on these lines stay at the bottom; undefined: none do. */
export function keepAtBottom(lines: LiveLines | undefined): void {
  live = lines;
}

function write(stream: NodeJS.WriteStream, text: string): void {
  live?.clear();
  stream.write(text);
  live?.draw();
}

/** Results go to standard output, so that they can be piped. */
export function print(text: string): void {
  write(process.stdout, text.endsWith('\n') || text === '' ? text : `${text}\n`);
}

/** The result for programs. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** Everything else goes to standard error. */
export function say(line: string): void {
  write(process.stderr, `${line}\n`);
}

/** An error as a person reads it: what was wrong, then what to do. */
export function sayError(error: unknown): void {
  const { message, remedy, evidence } = reportOf(error);
  say(`longhand: ${message}`);
  if (remedy) say(`  ${asTyped(remedy)}`);
  // A bug of ours: only then is the technical side what the reader needs.
  if (!(error instanceof LonghandError) && evidence && process.env.LONGHAND_DEBUG) say(evidence);
}

/**
 * Our own advice in the form in which it can be typed here: in a clone the command is not on the PATH and is started
 * by npm, which says so (npm_command, npm_lifecycle_event; see npm's scripts documentation).
 */
export function asTyped(advice: string, env: NodeJS.ProcessEnv = process.env): string {
  const byNpm = env.npm_command === 'exec' || ['transcribe', 'start'].includes(env.npm_lifecycle_event ?? '');
  return byNpm ? advice.replace(OUR_COMMANDS, 'npx $&') : advice;
}

const OUR_COMMANDS =
  /(?<!npx )\blonghand (?=(transcribe|serve|start|stop|restart|status|jobs|show|resume|pause|cancel|export|logs|models|engines|doctor|cleanup|retry|priority|queue|delete|audit|db|import|watch|users|keys|notify|versions)\b)/g;

export function exitCodeOf(error: unknown): number {
  return error instanceof UsageError ? EXIT.usage : EXIT.failed;
}

/** Columns, padded to their widest cell; the last one is left as it is. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  return rows
    .map((row) =>
      row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  '),
    )
    .map((line) => line.trimEnd())
    .join('\n');
}

/** A name from outside on one line of a terminal: control characters are shown, not obeyed. */
export const shown = printable;

/** `1 file`, `2 files`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** 75 → `1:15`, 3675 → `1:01:15`. */
export function clockTime(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}
