import { systemClock } from '../domain/clock.ts';
import { reportOf } from '../domain/errors.ts';
import { printable } from '../logs/job-log.ts';

/** The calls that are under way. */
const underWay = new Set<Notices>();

/** Tells every call that is under way: an owner may be shared by all of them. */
export function noticeForAll(message: string): void {
  for (const notices of underWay) notices.add(message);
}

/**
 * What goes wrong around a job without failing it, each kind counted and told once, as lines like those of the job's log.
 * The caller gets them with the log; into the file itself writes the supervisor alone.
 */
export class Notices {
  readonly #kinds = new Map<string, { at: number; message: string; count: number }>();

  constructor() {
    underWay.add(this);
  }

  /**
   * @param message of the first of its kind, which is the one that is told
   * @param kind what is counted together
   */
  add(message: string, kind: string = message): void {
    const known = this.#kinds.get(kind);
    if (known) known.count += 1;
    else this.#kinds.set(kind, { at: systemClock.now(), message, count: 1 });
  }

  /** Takes an error that shall not fail the job. */
  failed(what: string): (error: unknown) => void {
    return (error) => this.add(`${what}: ${reportOf(error).message}`, what);
  }

  get lines(): string[] {
    return [...this.#kinds.values()].map(({ at, message, count }) => {
      const times = count > 1 ? ` (${count} times; this was the first)` : '';
      return `${new Date(at).toISOString()} WARNING library     ${printable(message)}${times}`;
    });
  }

  /** The call is over. */
  end(): void {
    underWay.delete(this);
  }
}
