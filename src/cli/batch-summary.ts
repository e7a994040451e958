import { resolve } from 'node:path';
import { type Clock, systemClock } from '../domain/clock.ts';
import { reportOf } from '../domain/errors.ts';
import type { Skipped, WhyNot } from '../jobs/folder.ts';
import type { JobView } from '../jobs/view.ts';
import { asTyped, clockTime, count, say, shown } from './output.ts';
import { typedIds } from './results.ts';

/** Names that are given for one reason; the rest is a number. */
const NAMES_SHOWN = 5;

interface Failure {
  /** Undefined when it was not handed in. */
  id: number | undefined;
  name: string;
  why: string;
  remedy: string | null | undefined;
}

/** What is said at the end of a batch. */
export class BatchSummary {
  readonly #clock: Clock;
  readonly #startedMs: number;
  #done = 0;
  #known = 0;
  readonly #failures: Failure[] = [];

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
    this.#startedMs = clock.monotonicMs();
  }

  /** One job has come to rest. @param known its text was there before */
  add({ id, filename, status, error }: JobView, known: boolean): void {
    if (status === 'completed') {
      if (known) this.#known += 1;
      else this.#done += 1;
      return;
    }
    const why = status === 'failed' ? (error?.message ?? 'it failed') : `it was ${status}; what is done so far is kept`;
    this.#failures.push({ id, name: filename, why, remedy: error?.remedy });
  }

  /** One could not be handed in, or its text could not be given. */
  refuse(error: unknown, path: string): void {
    const { message, remedy } = reportOf(error);
    this.#failures.push({ id: undefined, name: path, why: message, remedy });
  }

  /**
   * Says it all.
   * @param jobs how many there were to be
   * @param folder where the texts went, if they went into one
   */
  say(jobs: number, folder: string | undefined): void {
    const seconds = (this.#clock.monotonicMs() - this.#startedMs) / 1000;
    const total = this.#done + this.#known + this.#failures.length;
    const parts = [
      `${this.#done} done`,
      this.#known > 0 ? `${this.#known} done before` : '',
      this.#failures.length > 0 ? `${this.#failures.length} failed` : '',
    ].filter(Boolean);
    const of = total < jobs ? `${total} of ${jobs} recordings` : count(total, 'recording');
    say(`${of} in ${clockTime(seconds)}: ${parts.join(', ')}`);
    for (const failure of this.#failures) sayFailure(failure);
    const ids = this.#failures.flatMap(({ id }) => id ?? []);
    if (ids.length > 0) say(`Try them again with: ${asTyped(`longhand resume ${typedIds(ids)}`)}`);
    if (folder !== undefined && this.#done + this.#known > 0) say(`Texts: ${shown(resolve(folder))}`);
  }
}

function sayFailure({ id, name, why, remedy }: Failure): void {
  say(`  ${id === undefined ? '' : `Job ${id}: `}${shown(name)}: ${why}`);
  if (remedy) say(`    ${asTyped(remedy)}`);
}

const REASONS: Record<WhyNot, string> = {
  'no recording': 'not named like recordings',
  hidden: 'hidden',
  'link to nowhere': 'links to nowhere',
  'cannot be read': 'cannot be read',
  'given twice': 'given twice',
};

/** Says what was left out and why: one line a reason. */
export function saySkipped(skipped: readonly Skipped[]): void {
  for (const [why, reason] of Object.entries(REASONS)) {
    const paths = skipped
      .filter((one) => one.why === why)
      .map(({ path }) => shown(path.slice(path.lastIndexOf('/') + 1)));
    if (paths.length === 0) continue;
    const more = paths.length > NAMES_SHOWN ? ', …' : '';
    say(`Left out ${paths.length}, ${reason}: ${paths.slice(0, NAMES_SHOWN).join(', ')}${more}`);
  }
}
