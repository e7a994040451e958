/**
 * The lines of a log that the page holds: the newest ones, up to a bound, each under its number from the first that came.
 * Who shows them is told at most every so often, however fast they come.
 */
export const MOST_LINES = 100_000;
/** Of all lines together; a line can be long. */
const MOST_CHARACTERS = 20_000_000;
/** Lines go away in stretches, so that not every new one costs a copy of all: of all that may be held, this part. */
const DROPPED_AT_ONCE = 1 / 20;
const TELL_MS = 100;

export class LogLines {
  /** The number of the first line that is held. */
  first = 0;
  /** Goes up with each change that is told. */
  version = 0;
  #lines: string[] = [];
  #characters = 0;
  #most = MOST_LINES;
  #told: ReturnType<typeof setTimeout> | undefined;
  readonly #watchers = new Set<() => void>();
  #search: { wanted: string; numbers: number[]; next: number } | undefined;

  get count(): number {
    return this.#lines.length;
  }

  /** The number behind the last line. */
  get end(): number {
    return this.first + this.#lines.length;
  }

  line(number: number): string {
    return this.#lines[number - this.first] ?? '';
  }

  add(line: string): void {
    this.#lines.push(line);
    this.#characters += line.length;
    if (this.#lines.length > this.#most || this.#characters > MOST_CHARACTERS) this.#drop();
    this.#tell();
  }

  /** Holds so many of the newest ones and no more; what is beyond that goes at once. */
  hold(most: number): void {
    this.#most = Math.min(most, MOST_LINES);
    if (this.#lines.length <= this.#most) return;
    this.#drop();
    this.#tell();
  }

  /** All of them go; those that come next count on. */
  clear(): void {
    this.first = 0;
    this.#lines = [];
    this.#characters = 0;
    this.#search = undefined;
    this.#tell();
  }

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  /** The lines in which a text stands, whatever its capitals. Only what came since the last time is looked through. */
  find(text: string): readonly number[] {
    const wanted = text.toLowerCase();
    if (wanted === '') return [];
    if (this.#search?.wanted !== wanted) this.#search = { wanted, numbers: [], next: this.first };
    const search = this.#search;
    const gone = search.numbers.findIndex((number) => number >= this.first);
    // A new list each time, so that whoever compares lists sees the change.
    const numbers = gone === -1 ? [] : search.numbers.slice(gone);
    for (let number = Math.max(search.next, this.first); number < this.end; number++) {
      if (this.line(number).toLowerCase().includes(wanted)) numbers.push(number);
    }
    this.#search = { wanted, numbers, next: this.end };
    return numbers;
  }

  #drop(): void {
    const stretch = Math.min(Math.ceil(this.#most * DROPPED_AT_ONCE), Math.ceil(this.#lines.length / 2));
    const over = this.#lines.length - this.#most;
    const gone = this.#lines.splice(0, Math.max(stretch, over));
    for (const line of gone) this.#characters -= line.length;
    this.first += gone.length;
  }

  #tell(): void {
    this.#told ??= setTimeout(() => {
      this.#told = undefined;
      this.version += 1;
      for (const watcher of this.#watchers) watcher();
    }, TELL_MS);
  }
}
