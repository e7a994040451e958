import type { LogLevel } from '../domain/log-level.ts';
import type { JobLog } from '../logs/job-log.ts';
import type { ProgressReport } from '../pipeline/progress.ts';
import type { RunnerMessage, RunnerOutcome, SupervisorMessage } from '../runner/protocol.ts';
import { parseRunnerMessage } from './messages.ts';
import type { Tell } from './news.ts';

type Answer = Extract<SupervisorMessage, { type: 'answer' }>;
type Request = Extract<RunnerMessage, { type: 'request' }>;

/** What a run does about what its runner says. */
export interface Listener {
  ready(): void;
  heartbeat(): Promise<void>;
  progress(progress: ProgressReport): void;
  answer(request: Request): Promise<Answer>;
}

export interface ConversationOptions {
  jobId: number;
  log: JobLog;
  tell: Tell;
  /** Takes the secrets out of what is kept or shown. */
  redact(text: string): string;
  send(message: SupervisorMessage): void;
  listener: Listener;
}

/** What is between a supervisor and one runner: everything that is said is checked before it is believed. */
export class Conversation {
  /** Resolves with the runner's last word. */
  readonly lastWord: Promise<RunnerOutcome>;
  readonly #options: ConversationOptions;
  #hearLastWord!: (outcome: RunnerOutcome) => void;

  constructor(options: ConversationOptions) {
    this.#options = options;
    this.lastWord = new Promise((resolve) => {
      this.#hearLastWord = resolve;
    });
  }

  /** A message came. Rejects only when the listener does. */
  async hear(raw: unknown): Promise<void> {
    const { jobId, log, tell, listener, send } = this.#options;
    const message = parseRunnerMessage(raw);
    if (!message) return log.output('WARNING', 'supervisor', 'The runner sent a message that is none of ours');
    switch (message.type) {
      case 'ready':
        return listener.ready();
      case 'heartbeat':
        return await listener.heartbeat();
      case 'progress':
        listener.progress(message.progress);
        return tell({ type: 'progress', jobId, progress: message.progress });
      case 'log':
        return this.#pass(message.level, message.stage, message.message);
      case 'request':
        return send(await listener.answer(message));
      case 'done':
        return this.#hearLastWord(this.#redacted(message.outcome));
    }
  }

  #pass(level: LogLevel, stage: string, message: string): void {
    const { jobId, log, tell, redact } = this.#options;
    log.output(level, stage, message);
    tell({ type: 'log', jobId, level, message: redact(message) });
  }

  /** An error is kept with its run and shown to people: it must hold no secret either. */
  #redacted(outcome: RunnerOutcome): RunnerOutcome {
    if (outcome.type !== 'failed') return outcome;
    const { redact } = this.#options;
    const { message, remedy, evidence } = outcome.error;
    return {
      type: 'failed',
      error: {
        ...outcome.error,
        message: redact(message),
        ...(remedy ? { remedy: redact(remedy) } : {}),
        ...(evidence ? { evidence: redact(evidence) } : {}),
      },
    };
  }
}
