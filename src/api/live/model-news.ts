/**
 * Downloads of models, for everybody who watches all of it: how far one is now and then, how it ends at once.
 *
 * It is kept up while nobody watches, too: what is held back must never come behind an end that nobody heard of.
 */
import type { Clock } from '../../domain/clock.ts';
import type { ModelPull, ModelShelf } from '../../domain/model-shelf.ts';
import { pullView } from '../pull-view.ts';
import { LiveEvent } from './live-event.ts';
import { Pace } from './pace.ts';

export class ModelNews {
  readonly #models: ModelShelf;
  readonly #pace: Pace<string, ModelPull>;
  readonly #leave: () => void;

  /** @param tell in turn with everything else */
  constructor(models: ModelShelf, clock: Clock, tell: (event: LiveEvent) => void) {
    this.#models = models;
    this.#pace = new Pace(clock, (_, pull) => tell(eventOf(pull)));
    this.#leave = models.onPull((pull) => {
      if (pull.status === 'pulling') return this.#pace.offer(pull.name, pull);
      this.#pace.take(pull.name);
      tell(eventOf(pull));
    });
  }

  /** How all of them stand: for whoever begins to watch. */
  present(): LiveEvent[] {
    return this.#models.pulls().map(eventOf);
  }

  close(): void {
    this.#leave();
    this.#pace.close();
  }
}

function eventOf(pull: ModelPull): LiveEvent {
  return new LiveEvent('model', { type: 'model', pull: pullView(pull) });
}
