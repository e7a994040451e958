import type { ApiClient } from '../api/client.ts';
import type { Submission } from '../jobs/submission.ts';
import type { Submitted } from '../jobs/submit.ts';
import { asTyped, say, shown } from './output.ts';
import type { Begun } from './task.ts';

/** Hands a recording in, or finds that it was before, and says which. What rests goes on; a text that is there is done. */
export async function handIn(api: ApiClient, wish: Submission, called: (id: number) => string): Promise<Begun> {
  const job = await api.post<Submitted>('/api/jobs', wish);
  const { id, duplicateOf, earlier } = job;
  const name = shown(job.filename);
  if (!duplicateOf) {
    say(`${called(id)}: ${name} (${job.engine}, model ${job.model})`);
    if (earlier !== undefined) {
      say(`  Job ${earlier} was for the same recording, in another way: ${asTyped(`longhand show ${earlier}`)}`);
    }
    return { id };
  }
  const { status } = duplicateOf;
  if (status === 'completed') {
    say(`${called(id)}: ${name} was transcribed before; --again does it anew. ${asTyped(`longhand export ${id}`)}`);
    return { id, known: true };
  }
  await api.post(`/api/jobs/${id}/resume`);
  const rested = status === 'failed' || status === 'cancelled' || status === 'paused';
  say(
    rested
      ? `${called(id)}: ${name} was handed in before and ${status}; it goes on from its checkpoint`
      : `${called(id)}: ${name} was handed in before and is not done yet; followed`,
  );
  return { id };
}

/**
 * Hands a file of a watched folder in. What failed goes on, as a new file is a new wish; what a person has cancelled or
 * paused is left to that person.
 */
export async function handInWatched(api: ApiClient, wish: Submission): Promise<void> {
  const { id, filename, engine, model, duplicateOf } = await api.post<Submitted>('/api/jobs', wish);
  const name = shown(filename);
  if (!duplicateOf) return say(`Job ${id}: ${name} (${engine}, model ${model})`);
  const { status } = duplicateOf;
  if (status === 'cancelled' || status === 'paused') {
    say(`Job ${id}: ${name} was handed in before and ${status}. ${asTyped(`Go on with: longhand resume ${id}`)}`);
    return;
  }
  if (status !== 'completed') await api.post(`/api/jobs/${id}/resume`);
  say(`Job ${id}: ${name} was handed in before${status === 'completed' ? ' and is done' : ''}`);
}
