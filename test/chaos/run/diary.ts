/** What was done when, and how often: the trace by which a run can be followed, and repeated. */
export class Diary {
  readonly #startedAt = performance.now();
  readonly #counts = new Map<string, number>();
  #kills = 0;

  /** SIGKILLs so far. */
  get kills(): number {
    return this.#kills;
  }

  /** One line, counted under the name of what was done. */
  did(step: number, what: string, detail: string, kills = 0): void {
    this.#kills += kills;
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
    this.#line(`step ${step}`, detail);
  }

  /** One line that counts nothing. */
  note(detail: string): void {
    this.#line('', detail);
  }

  /** `runner killed: 12 · owner killed: 7`, the most frequent first. */
  summary(): string {
    const counts = [...this.#counts].sort((a, b) => b[1] - a[1]);
    return counts.map(([what, count]) => `${what}: ${count}`).join(' · ');
  }

  get seconds(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }

  #line(step: string, detail: string): void {
    console.log(`${this.seconds.toFixed(2).padStart(8)} s  ${step.padEnd(9)} ${detail}`);
  }
}
