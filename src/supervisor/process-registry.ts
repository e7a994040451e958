/**
 * Where it is written down which process works on which job.
 *
 * The owner of a data folder keeps that in its store (`store-registry.ts`); everybody else in files, one for each job,
 * beside the logs. So it outlives whoever wrote it, and another instance, in this process or a later one, finds, watches
 * and ends what the first had started.
 */
import { randomUUID } from 'node:crypto';
import { link, open, readdir, rename, rm, unlink, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as z from 'zod';
import { reportOf } from '../domain/errors.ts';
import { makePrivateFolder, writeFileAtomically } from '../files/directory.ts';
import { logFileName } from '../logs/log-file.ts';
import { isAlive, type ProcessIdentity } from './identity.ts';
import type { RunTree } from './kill-tree.ts';

/** A process that works on a job, as it was recorded. */
export interface RegisteredProcess {
  jobId: string;
  /** What it is, in words, for people. */
  command: string;
  identity: ProcessIdentity;
  /** In the environment of the process and of all that it started; undefined where it has none. */
  token: string | undefined;
  /** Whether it led a process group of its own when it was registered. */
  leadsGroup: boolean;
  logPath: string;
  /** Milliseconds since the epoch. */
  registeredAt: number;
  /** Milliseconds since the epoch. */
  lastHeartbeat: number;
}

/** The seam: the same questions, wherever the answers are kept. Any of them may reject. */
export interface ProcessRegistry {
  /**
   * Records a process for its job.
   * @param context what the owner of the registry wants to know beyond the entry
   * @returns false when the job is not ours to work on (its lease is lost, it has another process that lives): refused
   */
  save(entry: RegisteredProcess, context?: unknown): Promise<boolean>;
  get(jobId: string): Promise<RegisteredProcess | undefined>;
  /** All that are said to run, whether they do or not. */
  list(): Promise<RegisteredProcess[]>;
  /**
   * Notes that a process was seen alive.
   * @param at milliseconds since the epoch
   * @returns false when it is not recorded any more
   */
  beat(jobId: string, at: number): Promise<boolean>;
  /**
   * Forgets the process of a job.
   * @param only forget it only if it is this one
   * @returns whether it was there
   */
  remove(jobId: string, only?: ProcessIdentity): Promise<boolean>;
  /** How many jobs are known, and how many of them have a process recorded. */
  counts(): Promise<{ totalJobs: number; jobsWithPid: number }>;
}

const SUFFIX = '.process.json';
/** Tries to put a file in place while others do the same. */
const MAX_TRIES = 10;

/** The heartbeat is not in it: it is the file's time, which changes without the file being written anew. */
const fileContent = z.strictObject({
  jobId: z.string(),
  command: z.string(),
  identity: z.strictObject({
    pid: z.int().positive(),
    startTime: z.string().min(1),
    bootId: z.string().nullable(),
  }),
  token: z.string().min(1).nullable(),
  leadsGroup: z.boolean(),
  logPath: z.string(),
  registeredAt: z.number(),
});

/** One file for each job, `transcribe_job_<id>.process.json`, readable by this user alone. */
export class FileRegistry implements ProcessRegistry {
  readonly #folder: string;
  readonly #onProblem: (sentence: string) => void;

  /** @param onProblem told of files that cannot be understood; such a job has no process then */
  constructor(folder: string, onProblem: (sentence: string) => void = () => undefined) {
    this.#folder = folder;
    this.#onProblem = onProblem;
  }

  /** @returns false when another process that lives is recorded for the job. Of several at once, one wins. */
  async save(entry: RegisteredProcess): Promise<boolean> {
    makePrivateFolder(this.#folder);
    const path = this.#pathOf(entry.jobId);
    const aside = `${path}.${randomUUID()}.new`;
    try {
      await writeFileAtomically(aside, contentOf(entry));
      await setTime(aside, entry.lastHeartbeat);
      return await this.#place(aside, path, entry.identity);
    } finally {
      await rm(aside, { force: true });
    }
  }

  async get(jobId: string): Promise<RegisteredProcess | undefined> {
    return await this.#read(this.#pathOf(jobId));
  }

  async list(): Promise<RegisteredProcess[]> {
    const entries = await Promise.all((await this.#paths()).map((path) => this.#read(path)));
    return entries.filter((entry) => entry !== undefined);
  }

  async beat(jobId: string, at: number): Promise<boolean> {
    return await unlessMissing(setTime(this.#pathOf(jobId), at));
  }

  async remove(jobId: string, only?: ProcessIdentity): Promise<boolean> {
    const path = this.#pathOf(jobId);
    if (!only) return await unlessMissing(unlink(path));
    const isIt = (entry: RegisteredProcess | undefined) => entry !== undefined && isSame(entry.identity, only);
    return isIt(await this.#read(path)) && (await this.#takeAway(path, isIt));
  }

  /** Every job here has a process; one whose file is damaged does not count as having it. */
  async counts(): Promise<{ totalJobs: number; jobsWithPid: number }> {
    const [paths, entries] = await Promise.all([this.#paths(), this.list()]);
    return { totalJobs: Math.max(paths.length, entries.length), jobsWithPid: entries.length };
  }

  /** A link is refused where there is a file already, so nobody replaces what another has just put there. */
  async #place(aside: string, path: string, identity: ProcessIdentity): Promise<boolean> {
    for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
      if (await linked(aside, path)) return true;
      const there = await this.#read(path);
      if (there && isSame(there.identity, identity)) {
        await rename(aside, path);
        return true;
      }
      if (there && isAlive(there.identity)) return false;
      await this.#takeAway(path, (entry) => !entry || !isAlive(entry.identity));
    }
    return false;
  }

  /** Removes a file if what it says allows it. It is moved aside first, so that nobody's newer one is removed instead. */
  async #takeAway(path: string, isAllowed: (entry: RegisteredProcess | undefined) => boolean): Promise<boolean> {
    const aside = `${path}.${randomUUID()}.old`;
    if (!(await unlessMissing(rename(path, aside)))) return false;
    try {
      if (isAllowed(await this.#read(aside, path))) return true;
      await linked(aside, path);
      return false;
    } finally {
      await rm(aside, { force: true });
    }
  }

  async #read(path: string, name = path): Promise<RegisteredProcess | undefined> {
    const file = await openIfThere(path);
    if (!file) return undefined;
    try {
      const [text, { mtimeMs }] = [await file.readFile('utf8'), await file.stat()];
      const content = fileContent.parse(JSON.parse(text));
      if (this.#pathOf(content.jobId) !== name) throw new Error(`it speaks of job ${content.jobId}`);
      return { ...content, token: content.token ?? undefined, lastHeartbeat: Math.round(mtimeMs) };
    } catch (error) {
      const reason = error instanceof z.ZodError ? z.prettifyError(error) : reportOf(error).message;
      this.#onProblem(`The process record ${basename(name)} cannot be used: ${reason}. Its process is left alone.`);
      return undefined;
    } finally {
      await file.close();
    }
  }

  #pathOf(jobId: string): string {
    return join(this.#folder, logFileName(jobId).replace(/\.log$/, SUFFIX));
  }

  async #paths(): Promise<string[]> {
    try {
      const names = await readdir(this.#folder);
      return names.filter((name) => name.endsWith(SUFFIX)).map((name) => join(this.#folder, name));
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }
}

/** Whether both are the same process. */
export function isSame(one: ProcessIdentity, other: ProcessIdentity): boolean {
  return one.pid === other.pid && one.startTime === other.startTime && one.bootId === other.bootId;
}

/** What is known of the tree of a recorded process. */
export function treeOf({ identity, token }: RegisteredProcess): RunTree {
  return { leader: identity, token };
}

function contentOf({ lastHeartbeat: _, token, ...entry }: RegisteredProcess): string {
  return `${JSON.stringify({ ...entry, token: token ?? null } satisfies z.infer<typeof fileContent>, null, 2)}\n`;
}

async function setTime(path: string, atMs: number): Promise<void> {
  await utimes(path, new Date(atMs), new Date(atMs));
}

/** @returns false when there is a file of that name already */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function openIfThere(path: string) {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** @returns false when the file was not there */
async function unlessMissing(change: Promise<unknown>): Promise<boolean> {
  try {
    await change;
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
