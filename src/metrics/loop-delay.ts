import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

/** The loop's own timer is asked to fire this often; what it is late beyond that is the delay. */
const RESOLUTION_MS = 50;
const NS_PER_SECOND = 1e9;

/** In seconds. */
export interface LoopDelays {
  mean: number;
  p99: number;
  max: number;
}

/** How late the event loop comes to what is due. It is watched from the first question on: nobody pays for it before. */
export class LoopDelay {
  #histogram: IntervalHistogram | undefined;

  /** Since the last call; zeros at the first one. */
  take(): LoopDelays {
    const histogram = this.#histogram;
    if (!histogram) {
      this.#histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
      this.#histogram.enable();
      return { mean: 0, p99: 0, max: 0 };
    }
    const delays = {
      mean: beyondResolution(histogram.mean),
      p99: beyondResolution(histogram.percentile(99)),
      max: beyondResolution(histogram.max),
    };
    histogram.reset();
    return delays;
  }

  close(): void {
    this.#histogram?.disable();
  }
}

/** The histogram holds the time between two of its timer's turns. Without any it has no mean. */
function beyondResolution(nanoseconds: number): number {
  const seconds = nanoseconds / NS_PER_SECOND - RESOLUTION_MS / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : 0;
}
