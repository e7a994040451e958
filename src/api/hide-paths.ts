/**
 * Where anything lies on this machine is for those who may go there: admins, and the account itself. Everybody else is told
 * the names of files alone, whichever way it is told: answers, problems, streams of events, logs, the evidence.
 */
import { dirname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { recordingPaths } from '../jobs/recording-file.ts';
import type { Caller } from './caller.ts';
import type { ApiContext } from './context.ts';

/** Fields that are nothing but a path of this machine. */
const PATH_FIELDS = new Set(['path', 'log']);
/** Fields that are the number of a job. */
const JOB_FIELDS = new Set(['jobId', 'job']);
/** What people said is not looked through for paths. */
const TEXTS = /^\/api\/jobs\/:id\/transcript/;

/** A path in quotation marks may hold anything but them. */
const QUOTED = /"(\/[^"\n]*)\/([^"\n/]*)"/g;
/** Without them it ends at a blank. An address of ours is none, and neither is what comes behind `https:`. */
const BARE = /(?<![\w./*-])(\/(?!\/|api\/)[^\s"'()/\\]+(?:\/[^\s"'()/\\]+)*)\/(?=[^\s/])/g;

/** Whether somebody is told where things lie. */
export function maySeePaths({ local, scope }: Caller): boolean {
  return local || scope === 'admin';
}

/** Takes folders out of what is told. */
export class PathCover {
  readonly #folders: string[];

  /** @param paths of files that may be named in it, which is found also where it is not clear where a path ends */
  constructor(paths: Iterable<string>) {
    const folders = new Set([...paths].map((path) => dirname(path)).filter((folder) => folder.startsWith('/')));
    folders.delete('/');
    // The one inside another comes first.
    this.#folders = [...folders].sort((one, other) => other.length - one.length);
  }

  /** A text with the names of files alone. */
  text(text: string): string {
    return this.#cover(text, () => '');
  }

  /** The same with as many bytes as before, so that positions in a log hold for everybody. */
  log(text: string): string {
    return this.#cover(text, (folder) => `${'*'.repeat(Buffer.byteLength(folder))}/`);
  }

  /** Everything in a value that goes over the wire as JSON. */
  value(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value);
    if (Array.isArray(value)) return value.map((one) => this.value(one));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [
        name,
        PATH_FIELDS.has(name) && typeof one === 'string' && one.startsWith('/') ? null : this.value(one),
      ]),
    );
  }

  #cover(text: string, instead: (folder: string) => string): string {
    if (!text.includes('/')) return text;
    let covered = text;
    for (const folder of this.#folders) covered = covered.replaceAll(`${folder}/`, () => instead(folder));
    return covered
      .replace(QUOTED, (_, folder: string, name: string) => `"${instead(folder)}${name}"`)
      .replace(BARE, (_, folder: string) => instead(folder));
  }
}

export type PlaceContext = Pick<ApiContext, 'store' | 'dataDir'>;

/** What is covered in what is told of some jobs. @param paths that are known already */
export async function coverFor(
  { store, dataDir }: PlaceContext,
  jobIds: Iterable<number>,
  paths: readonly string[] = [],
): Promise<PathCover> {
  const ids = [...new Set(jobIds)];
  const recordings = ids.length === 0 ? [] : await recordingPaths(store, ids);
  return new PathCover([...recordings, ...paths, join(dataDir, 'anything')]);
}

/** For all routes that the server gets from here on. What is not sent as JSON (logs, streams, the evidence) sees to it itself. */
export function hidePaths(server: FastifyInstance, context: PlaceContext): void {
  // Told by a callback: those who may see all, which is nearly everybody, wait for nothing.
  server.addHook('preSerialization', ({ caller, routeOptions, params }, _reply, payload, done) => {
    const { url = '' } = routeOptions;
    if (maySeePaths(caller) || !url.startsWith('/api/') || TEXTS.test(url)) return done(null, payload);
    const { jobIds, paths } = namedIn(payload);
    const { id } = params as { id?: unknown };
    if (url.startsWith('/api/jobs/:id') && typeof id === 'number') jobIds.push(id);
    coverFor(context, jobIds, paths).then((cover) => done(null, cover.value(payload)), done);
  });
}

/** The jobs that an answer is about, as far as it says so, and the paths that stand in it. */
function namedIn(payload: unknown, found: { jobIds: number[]; paths: string[] } = { jobIds: [], paths: [] }) {
  if (typeof payload !== 'object' || payload === null) return found;
  for (const [name, value] of Object.entries(payload)) {
    if (JOB_FIELDS.has(name) && typeof value === 'number') found.jobIds.push(value);
    if (PATH_FIELDS.has(name) && typeof value === 'string' && value.startsWith('/')) found.paths.push(value);
    namedIn(value, found);
  }
  return found;
}
