/** A line of a job's log, taken apart: `2026-01-31T12:00:00.000Z INFO    transcribe  Processing chunk 45/100` */
const LINE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (DEBUG|INFO|WARNING|ERROR) +(\S+) {2,}(.*)$/s;

export interface LogLine {
  /** ISO 8601; undefined for a line that a program wrote past the log. */
  at: string | undefined;
  level: 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR' | undefined;
  stage: string | undefined;
  text: string;
}

export function partsOf(line: string): LogLine {
  const [, at, level, stage, text] = LINE.exec(line) ?? [];
  if (text === undefined) return { at: undefined, level: undefined, stage: undefined, text: line };
  return { at, level: level as LogLine['level'], stage, text };
}

/** The time of day to the second, where the reader is. */
export function timeOfDay(iso: string): string {
  const at = new Date(iso);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}
