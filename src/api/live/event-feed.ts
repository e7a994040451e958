/**
 * What happens, to everybody who watches, in order and from one reading.
 *
 * Two kinds of events come together here. What happens to jobs and to the queue stands in the table of events: each has an
 * id, is read behind the last one that was sent, and whoever names the id of the last one that reached it gets all that came
 * since, also from another process than the one that sent it. A commit only wakes the reading up. What is true for the
 * moment alone, such as progress, has no id and is told to whoever is there; who comes later gets the latest instead.
 *
 * One line of work takes everything in turn, so nothing overtakes: progress from before a change of state comes before it,
 * and what the supervisor says once it has settled a change comes behind that change.
 *
 * A watcher that comes with an id reads the stretch it has missed by itself, at the pace of its connection, while the feed
 * goes on; as soon as it stands where the feed stands it is among those who are told. It keeps the id of what it has, so
 * where the two readings overlap nothing comes twice.
 */
import type { Clock } from '../../domain/clock.ts';
import { reportOf } from '../../domain/errors.ts';
import {
  type FollowedHappening,
  happeningBounds,
  happeningsBehind,
  happeningsBetween,
  onHappening,
} from '../../jobs/happenings.ts';
import { JobOwners } from '../../jobs/job-owners.ts';
import type { SubmitContext } from '../../jobs/submit.ts';
import type { News } from '../../supervisor/news.ts';
import type { NewsHub } from '../events.ts';
import { LiveEvent } from './live-event.ts';
import { Pace } from './pace.ts';

export interface Watcher {
  /** Only what happens to these; undefined: to all. */
  jobs: ReadonlySet<number> | undefined;
  /** Whose jobs it may see; null: all. */
  userId: string | null;
  /** It is told every report of progress, as the command line on this machine is, and not only some of them. */
  everyReport?: boolean;
  readonly isOpen: boolean;
  take(event: LiveEvent): void;
  /** Resolves when it can take more. */
  drained(): Promise<void>;
  /** It is told nothing more, because of this. */
  fail(sentence: string): void;
}

type Store = SubmitContext['store'];

/** No job has this number, so nobody's jobs include it. */
const NOBODYS_JOB = 0;

export class EventFeed {
  readonly owners: JobOwners;
  readonly #store: Store;
  readonly #pace: Pace<number, LiveEvent>;
  readonly #leave: (() => void)[];
  /** Who is told, with the id of the last event that each has. */
  readonly #watchers = new Map<Watcher, number>();
  /** What is to be done, in turn. */
  readonly #steps: (() => Promise<void>)[] = [];
  readonly #opening = new Set<Promise<void>>();
  #work: Promise<void> | undefined;
  #willRead = false;
  /** Everything up to this id was told. */
  #position: number | undefined;

  constructor(store: Store, hub: NewsHub, clock: Clock) {
    this.#store = store;
    this.owners = new JobOwners(store);
    this.#pace = new Pace(clock, (_, latest) => this.#add(() => this.#tell(latest, isPaced)));
    this.#leave = [hub.subscribeToAll((news) => this.#hear(news)), onHappening(store, () => this.#wake())];
  }

  /**
   * Tells a watcher what happens from now on, or everything behind `lastId`.
   * @param greet called as soon as it is among those who are told, before anything else is: with the id that it stands at,
   * and whether it goes on where it was
   */
  async open(watcher: Watcher, lastId: number | undefined, greet: Greeting): Promise<void> {
    const opening = this.#open(watcher, lastId, greet).catch((error) => watcher.fail(reportOf(error).message));
    this.#opening.add(opening);
    await opening;
    this.#opening.delete(opening);
  }

  /** Tells what is true for the moment alone, behind all that was told before. */
  readonly tell = (event: LiveEvent): void => this.#add(() => this.#tell(event));

  /** It is told nothing more. */
  leave(watcher: Watcher): void {
    this.#watchers.delete(watcher);
  }

  /** Ends when what is being read is read. */
  async close(): Promise<void> {
    for (const leave of this.#leave.splice(0)) leave();
    this.#pace.close();
    this.#watchers.clear();
    await Promise.all(this.#opening);
    await this.#work;
  }

  async #open(watcher: Watcher, lastId: number | undefined, { prepare, greet }: Greeting): Promise<void> {
    await this.#inTurn(() => this.#read());
    const lost = lastId === undefined ? undefined : await this.#whatIsLost(lastId);
    const goesOn = lastId !== undefined && lost === undefined;
    // Before anything is looked up: what happens during that comes as an event, too.
    let at = goesOn ? lastId : this.#now;
    if (lost) watcher.take(new LiveEvent('reset', { type: 'reset', reason: lost }, { id: at }));
    await prepare(goesOn);
    const join = async () => {
      if (at < this.#now) return false;
      this.#watchers.set(watcher, at);
      greet(at);
      // While nobody watched nobody was woken.
      this.#wake();
      return true;
    };
    do {
      while (at < this.#now && watcher.isOpen) at = await this.#catchUp(watcher, at);
    } while (watcher.isOpen && !(await this.#inTurn(join)));
    // It may have left while it joined.
    if (!watcher.isOpen) this.leave(watcher);
  }

  async #catchUp(watcher: Watcher, after: number): Promise<number> {
    const jobIds = watcher.jobs && [...watcher.jobs];
    const { all, upTo } = await happeningsBetween(this.#store, { after, upTo: this.#now, jobIds });
    for (const followed of all) {
      const event = this.#eventOf(followed);
      if (await this.owners.maySee(watcher.userId, event.jobId)) watcher.take(event);
      await watcher.drained();
    }
    return upTo;
  }

  /** Why nobody can go on behind this id; undefined when all that came behind it is there. */
  async #whatIsLost(id: number): Promise<string | undefined> {
    if (id > this.#now) return `There is no event ${id} yet; this may be another database, or an older state of it.`;
    const bounds = await happeningBounds(this.#store);
    if (!bounds || id >= bounds.oldest - 1) return undefined;
    return `Events behind ${id} are no longer kept.`;
  }

  get #now(): number {
    return this.#position ?? 0;
  }

  #hear(news: News): void {
    if (this.#watchers.size === 0 || news.type === 'logged') return;
    const { jobId } = news;
    if (news.type === 'progress') {
      const report = new LiveEvent('progress', news, { jobId });
      this.#add(() => this.#tell(report, ({ everyReport }) => everyReport === true));
      this.#pace.offer(jobId, report);
      return;
    }
    // The row says first that it changed; this says that all that belongs to the change is done.
    const name = news.type === 'state' ? 'settled' : news.type;
    const event = new LiveEvent(name, { ...news, type: name }, { jobId });
    this.#add(() => this.#tell(event));
  }

  #wake(): void {
    if (this.#watchers.size === 0 || this.#willRead) return;
    this.#willRead = true;
    this.#add(() => this.#read());
  }

  #add(step: () => Promise<void>): void {
    this.#steps.push(step);
    this.#work ??= this.#workThrough();
  }

  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => this.#add(() => step().then(resolve, reject)));
  }

  async #workThrough(): Promise<void> {
    try {
      for (let step = this.#steps.shift(); step; step = this.#steps.shift()) await step();
    } catch (error) {
      this.#giveUp(reportOf(error).message);
    }
    this.#work = undefined;
    if (this.#steps.length > 0) this.#work = this.#workThrough();
  }

  /** Whoever watches comes again, with the id of what it has, and finds what it missed. */
  #giveUp(sentence: string): void {
    this.#willRead = false;
    for (const watcher of this.#watchers.keys()) watcher.fail(sentence);
    this.#watchers.clear();
  }

  async #read(): Promise<void> {
    this.#willRead = false;
    if (this.#position === undefined || this.#watchers.size === 0) {
      this.#position = (await happeningBounds(this.#store))?.newest ?? 0;
      return;
    }
    for (let more = true; more; ) {
      const page = await happeningsBehind(this.#store, this.#now);
      for (const followed of page.all) await this.#tell(this.#eventOf(followed));
      more = page.more;
    }
  }

  #eventOf({ happening, ownerId }: FollowedHappening): LiveEvent {
    const { type, id, jobId } = happening;
    if (ownerId !== undefined && jobId !== null) this.owners.note(jobId, ownerId);
    // Who may come in, and what is set, concerns only those who see everything.
    const isForAdmins = type === 'access' || type === 'settings';
    return new LiveEvent(type, happening, { id, jobId: isForAdmins ? NOBODYS_JOB : jobId });
  }

  /** @param to of those who watch what it is about, these alone */
  async #tell(event: LiveEvent, to: (watcher: Watcher) => boolean = () => true): Promise<void> {
    const { id, jobId, name } = event;
    const isStep = id !== undefined || name === 'settled';
    const before = isStep && jobId !== null ? this.#pace.take(jobId) : undefined;
    if (before) await this.#tell(before, isPaced);
    const isAbout = ({ jobs }: Watcher) => !jobs || (jobId !== null && jobs.has(jobId));
    const watchers = [...this.#watchers.keys()].filter((watcher) => isAbout(watcher) && to(watcher));
    const allowed = new Set<string | null>();
    for (const userId of new Set(watchers.map((watcher) => watcher.userId))) {
      if (await this.owners.maySee(userId, jobId)) allowed.add(userId);
    }
    if (id !== undefined) this.#position = id;
    for (const watcher of watchers) {
      const has = this.#watchers.get(watcher);
      // It is gone, or has read this by itself.
      if (has === undefined || (id !== undefined && id <= has)) continue;
      if (id !== undefined) this.#watchers.set(watcher, id);
      if (allowed.has(watcher.userId)) watcher.take(event);
    }
  }
}

function isPaced({ everyReport }: Watcher): boolean {
  return !everyReport;
}

export interface Greeting {
  /** Looks up what it will say, while the watcher catches up. @param goesOn it goes on where it was */
  prepare(goesOn: boolean): Promise<void>;
  /** It is among those who are told. @param at the id that it stands at */
  greet(at: number): void;
}
