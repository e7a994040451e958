import type { ModelPull } from '../domain/model-shelf.ts';
import { type Problem, problemOf } from './problem.ts';

/** A download of a model as the API tells it, in answers and in the stream of events. */
export function pullView({ error, ...pull }: ModelPull): Omit<ModelPull, 'error'> & { problem: Problem | null } {
  return { ...pull, problem: error === null ? null : problemOf(error) };
}
