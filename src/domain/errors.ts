/**
 * What can go wrong with a job, told by what it means for the next try:
 * `input` the recording itself · `memory` the host or the limit ended it · `network` a remote service ·
 * `model` the model is missing, damaged or does not load · `timeout` a time limit · `disk` no space or read-only ·
 * `engine` an engine worker or a chunk failed again and again · `crash` the runner died · `usage` the request was
 * wrong before a job existed · `unknown` anything else.
 */
export const ERROR_KINDS = [
  'input',
  'memory',
  'network',
  'model',
  'timeout',
  'disk',
  'engine',
  'crash',
  'usage',
  'unknown',
] as const;
export type ErrorKind = (typeof ERROR_KINDS)[number];

/** An error in the form in which it crosses a process boundary and is kept with a run. */
export interface ErrorReport {
  kind: ErrorKind;
  /** One sentence that says what was wrong and names the thing it was wrong with. */
  message: string;
  /** What the reader can do about it, as one sentence or command. */
  remedy?: string;
  /** Technical evidence for a bug report: the tail of a program's stderr, an exit code, a signal. */
  evidence?: string;
  /** Of kind `disk`: so many bytes must be free for another try, where that is known. */
  neededBytes?: number;
}

/** The base of every error that Longhand raises on purpose. */
export class LonghandError extends Error {
  readonly kind: ErrorKind;
  readonly remedy: string | undefined;
  readonly evidence: string | undefined;
  readonly neededBytes: number | undefined;

  constructor(report: ErrorReport, options?: ErrorOptions) {
    super(report.message, options);
    this.name = new.target.name;
    this.kind = report.kind;
    this.remedy = report.remedy;
    this.evidence = report.evidence;
    this.neededBytes = report.neededBytes;
  }
}

/** The recording cannot be used as it is; trying again changes nothing. */
export class InputError extends LonghandError {
  constructor(message: string, more: { remedy?: string; evidence?: string } = {}) {
    super({ kind: 'input', message, ...more });
  }
}

/** The request was wrong before a job existed: an unknown option, a missing file. The command exits with 2. */
export class UsageError extends LonghandError {
  constructor(message: string, remedy?: string) {
    super({ kind: 'usage', message, ...(remedy ? { remedy } : {}) });
  }
}

/** Not enough space, or a folder that cannot be written. */
export class DiskError extends LonghandError {
  constructor(message: string, remedy: string, { cause, ...more }: { neededBytes?: number; cause?: unknown } = {}) {
    super({ kind: 'disk', message, remedy, ...more }, cause === undefined ? {} : { cause });
  }
}

/** The model is missing, damaged, or does not load. */
export class ModelError extends LonghandError {
  constructor(message: string, more: { remedy?: string; evidence?: string } = {}) {
    super({ kind: 'model', message, ...more });
  }
}

/** A remote service did not answer, or answered with an error that may pass. */
export class NetworkError extends LonghandError {
  constructor(message: string, more: { remedy?: string; evidence?: string } = {}) {
    super({ kind: 'network', message, ...more });
  }
}

/** An engine worker died, stalled, or answered nonsense. The chunk may be tried again on a fresh worker. */
export class EngineError extends LonghandError {
  constructor(message: string, more: { remedy?: string; evidence?: string } = {}) {
    super({ kind: 'engine', message, ...more });
  }
}

const DISK_CODES: Record<string, [what: string, remedy: string]> = {
  ENOSPC: ['There is no space left on the disk', 'Free some space, then resume the job.'],
  EDQUOT: ['The disk quota is used up', 'Free some space, then resume the job.'],
  EROFS: ['The folder is on a read-only file system', 'Choose another folder with LONGHAND_DATA.'],
};

/** Turns whatever was thrown into a report: Longhand's own errors keep their kind, disk errors are recognised by code. */
export function reportOf(error: unknown): ErrorReport {
  if (error instanceof LonghandError) {
    return {
      kind: error.kind,
      message: error.message,
      ...(error.remedy ? { remedy: error.remedy } : {}),
      ...(error.evidence ? { evidence: error.evidence } : {}),
      ...(error.neededBytes === undefined ? {} : { neededBytes: error.neededBytes }),
    };
  }
  const { code, path } = (error ?? {}) as { code?: unknown; path?: unknown };
  const disk = typeof code === 'string' ? DISK_CODES[code] : undefined;
  if (disk) {
    const where = typeof path === 'string' ? ` (${path})` : '';
    return { kind: 'disk', message: `${disk[0]}${where}.`, remedy: disk[1] };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { kind: 'unknown', message, ...(error instanceof Error && error.stack ? { evidence: error.stack } : {}) };
}
