/**
 * What would happen with a recording that is handed in now, for whoever wants to know before sending it.
 *
 * Engine and model are chosen as for a job (`choose-engine.ts`; a model that is chosen by the recording, from its length alone), the time is
 * estimated as for a job, and the queue is forecast with one job more in it.
 */
import { inWords } from '../domain/admission.ts';
import { duration } from '../domain/duration.ts';
import { reportOf } from '../domain/errors.ts';
import { type MemoryRoom, ModelTooLargeError, memoryFit } from '../domain/memory-fit.ts';
import { isOpen, nextChange, type QuietHours } from '../domain/quiet-hours.ts';
import type { Engine, EngineName, EngineSettings, ResolvedModel } from '../engines/engine.ts';
import {
  countWaiting,
  headOfQueue,
  jobsAtWork,
  jobsToGoOn,
  jobsToRetry,
  type WaitingJob,
} from '../store/queue-outlook.ts';
import { type QueuePause, queuePause } from '../store/queue-state.ts';
import { chooseEngine } from './choose-engine.ts';
import { problemOf } from './engines-view.ts';
import { forecast, NEWCOMER, type QueueContext } from './queue-forecast.ts';
import { SHOWN } from './queue-view.ts';
import type { Obstacle } from './readiness.ts';
import type { Wish } from './submit-upload.ts';

export interface PlanContext {
  queue: QueueContext;
  engines: readonly Engine[];
  settings: EngineSettings;
  /** Memory that a job could have, measured now. */
  memory(): MemoryRoom;
  /** What keeps the service from taking work. */
  obstacles(): Promise<Obstacle[]>;
  /** Throws when a job would be refused because the queue is switched off. */
  requirePlace(): Promise<void>;
}

/** What is in the way, and what to do about it. */
export interface PlanObstacle {
  sentence: string;
  remedy: string | null;
}

export interface Plan {
  /** Null when none can be used for this. */
  engine: EngineName | null;
  /** `auto` when it will be chosen once the recording was heard; null without an engine. */
  model: string | null;
  language: string;
  /** Whether all is there that is needed for it. */
  installed: boolean;
  /** Why this engine and this model, and how long it takes. */
  why: string;
  /** Seconds of work; null when the recording's length was not said. */
  estimateSeconds: number | null;
  /** Its place in the queue: 1 is next. */
  position: number;
  /** Null when nobody can tell, as while the queue is paused. */
  startsInSeconds: number | null;
  endsInSeconds: number | null;
  /** What would keep it from being accepted or from being done; nothing when all is well. */
  obstacles: PlanObstacle[];
}

/**
 * What would happen with a recording.
 * @param durationSeconds its length, where that is known
 */
export async function planFor(context: PlanContext, wish: Wish, durationSeconds?: number): Promise<Plan> {
  const { queue } = context;
  const [chosen, place, others] = await Promise.all([
    problemOf(() => choose(context, wish, durationSeconds)),
    problemOf(() => context.requirePlace()),
    context.obstacles(),
  ]);
  const choice = 'done' in chosen ? chosen.done : undefined;
  const work = choice && { engine: choice.engine.name, model: choice.model, ...threadsOf(wish, choice.processes) };
  const estimateSeconds =
    work && durationSeconds !== undefined ? await queue.estimates.secondsFor(work, durationSeconds) : null;
  const { obstacle: closed, ...when } = await placeFor(queue, {
    ...{ ...(work ?? { engine: null, model: wish.model, ...threadsOf(wish) }), priority: wish.priority ?? 0 },
    durationSeconds: durationSeconds ?? 0,
  });
  return {
    engine: choice?.engine.name ?? null,
    model: choice?.model ?? null,
    language: choice ? languageOf(choice.engine, wish.language) : wish.language,
    installed: choice !== undefined,
    why: choice ? whyOf(choice, estimateSeconds) : 'No recogniser can do this here as it is.',
    estimateSeconds,
    ...when,
    obstacles: [
      ...('done' in chosen ? (choice?.tight ? [choice.tight] : []) : [chosen]),
      // What was asked for was looked at above, and may be something else than what the settings say.
      ...others
        .filter(({ code }) => code !== 'no_engine')
        .map(({ message, remedy }) => ({ sentence: message, remedy: remedy ?? null })),
      ...('done' in place ? [] : [place]),
      ...(closed ? [closed] : []),
    ],
  };
}

interface Choice {
  engine: Engine;
  model: string;
  /** Why this model, as it follows a colon. */
  reason: string | undefined;
  processes: number;
  passedOver: string[];
  /** What the memory does to a model that was asked for. */
  tight?: PlanObstacle | undefined;
}

async function choose(context: PlanContext, wish: Wish, durationSeconds: number | undefined): Promise<Choice> {
  const { engines, settings, memory } = context;
  const { engine, model, passedOver } = await chooseEngine(engines, settings, wish);
  const { processes, language } = wish;
  const room = memory();
  if (wish.model !== 'auto' || !engine.chooseModel) {
    const needBytes = (count: number) =>
      engine.memoryNeedBytes({ model: model.path ?? model.name, processes: count }, settings);
    const fit = await memoryFit(needBytes, processes, room);
    const tight = tightness(model, fit.leastBytes, room);
    return { engine, model: model.name, reason: model.reason, processes: fit.processes, passedOver, tight };
  }
  if (durationSeconds === undefined) {
    return { engine, model: model.name, reason: model.reason, processes, passedOver };
  }
  const recording = { durationSeconds, quality: undefined, language, processes, ...room };
  const chosen = await engine.chooseModel(recording, settings);
  return { engine, model: chosen.model.name, reason: chosen.model.reason, processes: chosen.processes, passedOver };
}

/** What is free may be more when it starts; what a job may use will not. */
function tightness(
  { name }: ResolvedModel,
  leastBytes: number,
  { freeBytes, limitBytes }: MemoryRoom,
): PlanObstacle | undefined {
  if (leastBytes > limitBytes) {
    const { message: sentence, remedy = null } = reportOf(new ModelTooLargeError(name, leastBytes, limitBytes));
    return { sentence, remedy };
  }
  if (leastBytes <= freeBytes) return undefined;
  const { need, room } = inWords(leastBytes, freeBytes);
  const sentence = `Model ${name} needs ${need} of memory with one engine worker, and ${room} are free now.`;
  return { sentence, remedy: 'It waits until there is more. A smaller model would need less.' };
}

function threadsOf({ processes, workers }: Wish, fitting = processes) {
  return { processes: fitting, workers: Math.max(workers, Math.floor((workers * processes) / fitting)) };
}

/** An engine that knows one language alone does not ask which one it is. */
function languageOf({ languages, detectLanguage }: Engine, wanted: string): string {
  return wanted === 'auto' && !detectLanguage && languages !== 'any' ? (languages[0] ?? wanted) : wanted;
}

function whyOf({ engine, model, reason, passedOver }: Choice, estimateSeconds: number | null): string {
  const undecided = model === 'auto';
  const which = undecided
    ? 'with the model that suits the recording once it was heard'
    : `with the model ${model}${reason ? ` (${reason})` : ''}`;
  const time = estimateSeconds === null ? '' : `, in about ${duration(Math.ceil(estimateSeconds))}`;
  const others = passedOver.map((paragraph) => ` Not ${paragraph}`).join('');
  return `${engine.label} ${which}${time}.${others}`;
}

interface Newcomer {
  engine: string | null;
  model: string;
  processes: number;
  workers: number;
  priority: number;
  /** 0: not known. */
  durationSeconds: number;
}

type Place = Pick<Plan, 'position' | 'startsInSeconds' | 'endsInSeconds'> & { obstacle: PlanObstacle | undefined };

async function placeFor(queue: QueueContext, newcomer: Newcomer): Promise<Place> {
  const { store, clock, quietHours } = queue;
  const now = clock.now();
  const [pause, atWork, head, toGoOn, toRetry] = await Promise.all([
    queuePause(store),
    jobsAtWork(store),
    headOfQueue(store, SHOWN),
    jobsToGoOn(store, SHOWN),
    jobsToRetry(store, SHOWN),
  ]);
  const pending = head.length < SHOWN ? head.length : await countWaiting(store);
  const ahead = head.filter(({ priority }) => priority >= newcomer.priority).length;
  const position = (ahead < head.length ? ahead : pending) + 1;
  const { durationSeconds, ...work } = newcomer;
  const job: WaitingJob = {
    ...{ ...work, id: NEWCOMER, filename: '', status: 'pending', paused_by: null, smaller_model: null },
    ...{ progress: 0, progress_stage: 'pending', speed: 0, not_before: 0, duration_minutes: durationSeconds / 60 },
  };
  const others = [...toGoOn, ...toRetry];
  const outlook = (await forecast(queue, { now, atWork, head, others, pending, newcomer: job })).jobs.get(NEWCOMER);
  const told = pause ? undefined : outlook;
  return {
    position,
    startsInSeconds: told?.startsInSeconds ?? null,
    // Of a recording of which nobody knows the length, the end is a guess about others.
    endsInSeconds: durationSeconds > 0 ? (told?.endsInSeconds ?? null) : null,
    obstacle: closedBy(pause, quietHours, now),
  };
}

function closedBy(
  pause: QueuePause | undefined,
  quietHours: QuietHours | undefined,
  now: number,
): PlanObstacle | undefined {
  if (pause) {
    const sentence = `The queue is paused${pause.reason ? `: ${pause.reason}` : ''}.`;
    return { sentence, remedy: 'It starts when the queue is resumed.' };
  }
  const opensAt = quietHours && !isOpen(quietHours, now) ? nextChange(quietHours, now) : undefined;
  if (opensAt === undefined) return undefined;
  const sentence = `The hours for work begin at ${new Date(opensAt).toISOString()}.`;
  return { sentence, remedy: 'It starts then by itself; or change LONGHAND_QUIET_HOURS.' };
}
