import type { ApiClient } from '../api/client.ts';
import { reportOf } from '../domain/errors.ts';
import type { JobView } from '../jobs/view.ts';
import { rangesOf } from './arguments.ts';
import { asTyped, count, print, printJson, say, sayError, shown } from './output.ts';
import { type Destination, textOf, writeTexts } from './transcript-files.ts';

/** Gives each finished job's text to the user, in the way that was asked for. */
export class Results {
  readonly #to: Destination;
  readonly #json: boolean;
  readonly #taken = new Set<string>();
  readonly #jobs: unknown[] = [];

  constructor(to: Destination, json: boolean) {
    this.#to = to;
    this.#json = json;
  }

  /**
   * One job has come to rest.
   * @param recording its path below the folder that was given, for the name of its text
   */
  async add(job: JobView, api: ApiClient, recording?: string): Promise<void> {
    if (job.status !== 'completed') {
      this.#jobs.push(job);
      return sayWhyNoText(job);
    }
    if (this.#to.folder !== undefined) {
      const files = await writeTexts(api, job, this.#to, this.#taken, { recording });
      this.#jobs.push({ ...job, files });
      for (const file of files) say(`Wrote ${shown(file)}`);
      return;
    }
    const [format = 'txt'] = this.#to.formats;
    const text = await textOf(api, job.id, format);
    this.#jobs.push({ ...job, text });
    if (!this.#json) print(text);
  }

  /** One of several could not be handed in, or its text not be given. */
  refuse(error: unknown, path: string): void {
    this.#jobs.push({ path, error: reportOf(error) });
    sayError(error);
  }

  /** All is said. */
  end(): void {
    if (this.#json) printJson({ jobs: this.#jobs });
  }
}

/** Why a job that rests has no text, and what to do. */
export function sayWhyNoText({ id, filename, status, error }: JobView): void {
  const job = `Job ${id} (${shown(filename)})`;
  if (status !== 'failed') {
    say(`${job} was ${status}; what is done so far is kept.`);
    say(`  ${asTyped(`Go on with: longhand resume ${id}`)}`);
    return;
  }
  say(`${job} failed: ${error?.message ?? ''}`.trimEnd());
  if (error?.remedy) say(`  ${asTyped(error.remedy)}`);
  say(`  ${asTyped(`See: longhand show ${id}, longhand logs ${id}`)}`);
}

/** What to do for those who stopped before the end. */
export function sayHowToResume(ids: number[], notHandedIn = 0): void {
  if (ids.length > 0) say(`Stopped at the checkpoint. Go on with: ${asTyped(`longhand resume ${typedIds(ids)}`)}`);
  if (notHandedIn === 0) return;
  const files = count(notHandedIn, 'recording was', 'recordings were');
  say(`${files} not handed in. The same command again hands them in, and knows the others.`);
}

/** Numbers of jobs as they are typed: `1 3-7`. */
export function typedIds(ids: readonly number[]): string {
  return rangesOf([...new Set(ids)]).replaceAll(', ', ' ');
}
