import type { ProgressReport } from '../pipeline/progress.ts';
import { clockTime, say } from './output.ts';

const BAR_CELLS = 20;
const PARTS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** Shows how jobs come along: one redrawn line a job on a terminal, plain lines elsewhere. */
export interface ProgressDisplay {
  progress(jobId: number, progress: ProgressReport): void;
  /** A line of the job's log worth reading. */
  line(jobId: number, message: string): void;
  /** A sentence that stays. */
  note(sentence: string): void;
  /** The job has nothing more to show. */
  end(jobId: number): void;
}

export function progressDisplay(stream: NodeJS.WriteStream, jobs: number): ProgressDisplay {
  return stream.isTTY ? new TerminalDisplay(stream) : plainDisplay(jobs);
}

function plainDisplay(jobs: number): ProgressDisplay {
  const named = (jobId: number, text: string) => say(jobs > 1 ? `Job ${jobId}: ${text}` : text);
  const stages = new Map<number, string>();
  return {
    progress(jobId, { stage }) {
      if (stages.get(jobId) === stage) return;
      stages.set(jobId, stage);
      named(jobId, stage);
    },
    line: named,
    note: say,
    end: () => undefined,
  };
}

class TerminalDisplay implements ProgressDisplay {
  readonly #stream: NodeJS.WriteStream;
  readonly #lines = new Map<number, string>();
  #drawn = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  progress(jobId: number, progress: ProgressReport): void {
    this.#lines.set(jobId, progressLine(jobId, progress));
    this.#draw();
  }

  /** The redrawn line says the same, shorter. */
  line(): void {}

  note(sentence: string): void {
    this.#clear();
    this.#stream.write(`${sentence}\n`);
    this.#draw();
  }

  end(jobId: number): void {
    this.#clear();
    this.#lines.delete(jobId);
    this.#draw();
  }

  #clear(): void {
    if (this.#drawn > 0) this.#stream.write(`\x1b[${this.#drawn}A\r\x1b[J`);
    this.#drawn = 0;
  }

  #draw(): void {
    this.#clear();
    const width = this.#stream.columns || 80;
    for (const line of this.#lines.values()) this.#stream.write(`${line.slice(0, width - 1)}\n`);
    this.#drawn = this.#lines.size;
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
