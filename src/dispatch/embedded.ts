import type { Dispatcher, DispatcherOptions } from './dispatcher.ts';

/** The dispatcher inside the owner's own process: claims as long as there are free places. */
export function embeddedDispatcher({ concurrency, claim, onError }: DispatcherOptions): Dispatcher {
  const running = new Set<Promise<void>>();
  let claiming: Promise<void> | undefined;
  let again = false;
  let stopped = false;

  const fill = async () => {
    while (!stopped && running.size < concurrency()) {
      const work = await claim();
      if (!work) return;
      const done: Promise<void> = work()
        .catch(onError)
        .finally(() => {
          running.delete(done);
          wake();
        });
      running.add(done);
    }
  };

  const wake = () => {
    if (stopped) return;
    again = true;
    claiming ??= (async () => {
      try {
        while (again) {
          again = false;
          await fill();
        }
      } catch (error) {
        onError(error);
      } finally {
        claiming = undefined;
      }
    })();
  };

  return {
    wake,
    async stop() {
      stopped = true;
      await claiming;
      await Promise.all(running);
    },
  };
}
