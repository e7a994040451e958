import { type Clock, systemClock } from '../domain/clock.ts';
import type { LogLevel } from '../domain/log-level.ts';
import type { ProgressReport } from '../pipeline/progress.ts';
import { BatchEta } from './batch-eta.ts';
import { clockTime, keepAtBottom, say } from './output.ts';

const BAR_CELLS = 20;
const PARTS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
/** Of more jobs than these, lines that stay tell only what ended and what is wrong. */
const MOST_TOLD_IN_LINES = 20;

/** How a job ended, as far as the display tells them apart. */
export type Ending = 'done' | 'known' | 'failed';

/** Shows how jobs come along: one redrawn line a job on a terminal, plain lines elsewhere. */
export interface ProgressDisplay {
  progress(jobId: number, progress: ProgressReport): void;
  /** How long a job's recording is. */
  length(jobId: number, seconds: number): void;
  /** A line of the job's log worth reading. */
  line(jobId: number, message: string, level: LogLevel): void;
  /** A sentence that stays. */
  note(sentence: string): void;
  /** The job has nothing more to show. */
  end(jobId: number, how: Ending): void;
  /** Nothing more is shown. */
  close(): void;
}

/** @param jobs how many there will be */
export function progressDisplay(stream: NodeJS.WriteStream, jobs: number, clock: Clock = systemClock): ProgressDisplay {
  const all = new Overall(jobs, clock);
  return stream.isTTY ? new TerminalDisplay(stream, all) : plainDisplay(all);
}

/** `12 of 500 done · 1 failed · about 3:20:00 left` */
class Overall {
  readonly jobs: number;
  readonly eta: BatchEta;
  readonly #clock: Clock;
  readonly #ended = { done: 0, known: 0, failed: 0 };

  constructor(jobs: number, clock: Clock) {
    this.jobs = jobs;
    this.#clock = clock;
    this.eta = new BatchEta(jobs, clock.monotonicMs());
  }

  end(jobId: number, how: Ending): void {
    this.#ended[how] += 1;
    this.eta.done(jobId, how === 'done');
  }

  line(): string {
    const { done, known, failed } = this.#ended;
    const over = done + known + failed;
    const left = over === this.jobs ? undefined : this.eta.secondsLeft(this.#clock.monotonicMs());
    return [
      `${done + known} of ${this.jobs} done`,
      failed > 0 ? `${failed} failed` : '',
      left === undefined ? '' : `about ${clockTime(left)} left`,
    ]
      .filter(Boolean)
      .join(' · ');
  }
}

function plainDisplay(all: Overall): ProgressDisplay {
  const named = (jobId: number, text: string) => say(all.jobs > 1 ? `Job ${jobId}: ${text}` : text);
  const stages = new Map<number, string>();
  const tellsAll = all.jobs <= MOST_TOLD_IN_LINES;
  return {
    progress(jobId, { stage, percent }) {
      all.eta.progress(jobId, percent / 100);
      if (!tellsAll || stages.get(jobId) === stage) return;
      stages.set(jobId, stage);
      named(jobId, stage);
    },
    length: (jobId, seconds) => all.eta.length(jobId, seconds),
    line(jobId, message, level) {
      if (tellsAll || level !== 'INFO') named(jobId, message);
    },
    note: say,
    end(jobId, how) {
      stages.delete(jobId);
      all.end(jobId, how);
      if (all.jobs > 1) say(all.line());
    },
    close: () => undefined,
  };
}

class TerminalDisplay implements ProgressDisplay {
  readonly #stream: NodeJS.WriteStream;
  readonly #all: Overall;
  readonly #lines = new Map<number, string>();
  #drawn = 0;

  constructor(stream: NodeJS.WriteStream, all: Overall) {
    this.#stream = stream;
    this.#all = all;
    keepAtBottom({ clear: () => this.#clear(), draw: () => this.#draw() });
  }

  progress(jobId: number, progress: ProgressReport): void {
    this.#all.eta.progress(jobId, progress.percent / 100);
    this.#lines.set(jobId, progressLine(jobId, progress));
    this.#draw();
  }

  length(jobId: number, seconds: number): void {
    this.#all.eta.length(jobId, seconds);
  }

  /** The redrawn line says the same, shorter; what is wrong stays. */
  line(jobId: number, message: string, level: LogLevel): void {
    if (level !== 'INFO') say(`Job ${jobId}: ${message}`);
  }

  note(sentence: string): void {
    say(sentence);
  }

  end(jobId: number, how: Ending): void {
    this.#all.end(jobId, how);
    this.#lines.delete(jobId);
    this.#draw();
  }

  close(): void {
    this.#clear();
    keepAtBottom(undefined);
  }

  #clear(): void {
    if (this.#drawn > 0) this.#stream.write(`\x1b[${this.#drawn}A\r\x1b[J`);
    this.#drawn = 0;
  }

  #draw(): void {
    this.#clear();
    const width = this.#stream.columns || 80;
    const lines = [...this.#lines.values(), ...(this.#all.jobs > 1 ? [this.#all.line()] : [])];
    for (const line of lines) this.#stream.write(`${line.slice(0, width - 1)}\n`);
    this.#drawn = lines.length;
  }
}

/** `Job 12 ████▌      23 %  Processing audio segments...  chunk 9 of 40 · 3.2x · 1:20 left` */
export function progressLine(
  jobId: number,
  { percent, stage, chunk, chunks, speed, secondsLeft }: ProgressReport,
): string {
  const figures = [
    chunks === undefined ? '' : `chunk ${chunk ?? 0} of ${chunks}`,
    speed === undefined ? '' : `${speed.toFixed(1)}x`,
    secondsLeft === undefined ? '' : `${clockTime(secondsLeft)} left`,
  ].filter(Boolean);
  return `Job ${jobId} ${bar(percent)} ${String(Math.floor(percent)).padStart(3)} %  ${stage}  ${figures.join(' · ')}`.trimEnd();
}

function bar(percent: number): string {
  const cells = (percent / 100) * BAR_CELLS;
  const full = Math.floor(cells);
  const part = PARTS[Math.floor((cells - full) * PARTS.length)] ?? '';
  return ('█'.repeat(full) + part).padEnd(BAR_CELLS, '░');
}
