import type { LearnedSpeed } from '../domain/estimate.ts';
import type { Engine } from '../engines/engine.ts';
import type { RunOrder } from './order.ts';

/**
 * The speed to expect of a model with so many engine workers: what the owner has learned from earlier runs on this
 * machine, or the engine's guess. With fewer engine workers than ordered each of them is taken to be as fast as before.
 */
export function expectedSpeed(
  { known: { outlook }, processes: ordered }: Pick<RunOrder, 'known' | 'processes'>,
  engine: Pick<Engine, 'seedRealtimeFactor'>,
  model: string,
  processes: number = ordered,
): LearnedSpeed {
  const learned = outlook?.speeds.find((speed) => speed.model === model);
  if (learned) return { factor: (learned.factor * ordered) / processes, weight: learned.weight };
  return { factor: engine.seedRealtimeFactor(model, processes), weight: 0 };
}
