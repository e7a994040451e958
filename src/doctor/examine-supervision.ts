import { reportOf } from '../domain/errors.ts';
import type { Health } from '../supervisor/health.ts';
import { counted } from './counted.ts';
import type { Examined } from './examine.ts';

type Counts = 'orphanedCount' | 'stuckCount' | 'activeCount';
type Metrics = Omit<Health, Counts | 'status' | 'alerts'>;

/** What the owner of the data folder answers to `GET /api/health`. */
export interface HealthAnswer {
  status: Health['status'];
  orphaned_count: number;
  stuck_count: number;
  active_count: number;
  alerts: Health['alerts'];
  metrics: Metrics;
}

/** What an owner knows of its own supervision, as it would answer. */
export function healthAnswerOf(health: Health): HealthAnswer {
  const { status, orphanedCount, stuckCount, activeCount, alerts, ...metrics } = health;
  return {
    ...{ status, alerts, metrics },
    ...{ orphaned_count: orphanedCount, stuck_count: stuckCount, active_count: activeCount },
  };
}

/** How the jobs that are worked on are watched over; null where nobody could be asked. */
export interface Supervision {
  /** Processes that nobody watched over. */
  orphanedCount: number | null;
  /** Jobs that are said to be worked on without a process. */
  stuckCount: number | null;
  activeCount: number | null;
  alerts: Health['alerts'];
  metrics: Metrics;
}

export interface SupervisionFound extends Supervision {
  /** The same as lines of the table. */
  found: Examined[];
}

/** Where there is no database there is no job either. */
export const NOTHING_YET: Supervision = { orphanedCount: 0, stuckCount: 0, activeCount: 0, alerts: [], metrics: {} };
/** Where nobody can be asked. */
export const UNKNOWN: Supervision = {
  orphanedCount: null,
  stuckCount: null,
  activeCount: null,
  alerts: [],
  metrics: {},
};

/**
 * What the owner says of the supervision, as figures and as lines of the table. An owner that cannot be asked is a line
 * too, and breaks nothing else.
 */
export async function examineSupervision(askHealth: () => Promise<HealthAnswer>): Promise<SupervisionFound> {
  try {
    const { status, orphaned_count, stuck_count, active_count, alerts, metrics } = await askHealth();
    const figures = { orphanedCount: orphaned_count, stuckCount: stuck_count, activeCount: active_count };
    const detail = `${counted(active_count, 'job')} worked on, ${counted(orphaned_count, 'orphan')}, ${stuck_count} stuck`;
    const state = status === 'healthy' ? 'good' : 'warning';
    const found = [{ name: 'supervision', state, detail } as const, ...alerts.map(lineOf)];
    return { ...figures, alerts, metrics, found };
  } catch (error) {
    return { ...UNKNOWN, found: [unanswered(error)] };
  }
}

function lineOf({ level, message }: Health['alerts'][number]): Examined {
  return { name: `alert (${level})`, state: level === 'info' ? 'optional' : 'warning', detail: message };
}

function unanswered(error: unknown): Examined {
  const { message, remedy } =
    (error as Error).name === 'TimeoutError'
      ? { message: 'The owner of the data folder does not answer.' }
      : reportOf(error);
  return {
    name: 'supervision',
    state: 'missing',
    detail: message,
    remedy: remedy ?? 'End the other longhand processes, then run longhand doctor again.',
  };
}
