import { expect, it, onTestFinished } from 'vitest';
import { listEvents } from '../../src/store/events.ts';
import { openStore } from '../../src/store/open.ts';
import { settle } from '../../src/supervisor/settle.ts';
import { temporaryFolder, testClock, working } from '../store/support.ts';

const RULES = {
  maxRetries: 0,
  dice: () => 0,
  smallerModel: async () => undefined,
  diskFull: async () => undefined,
};

it.each([
  ['pause', 'ben', 'ben'],
  ['pause', undefined, 'user'],
  ['quiet hours', 'ben', 'supervisor'],
] as const)(
  'a run that was stopped for %s, asked for by %s, is told as the doing of %s',
  async (why, askedBy, actor) => {
    const store = await openStore({ file: `${temporaryFolder()}/longhand.db`, clock: testClock() });
    onTestFinished(() => store.close());
    const claimed = await working(store);
    await settle(
      store,
      RULES,
      claimed,
      { outcome: { type: 'stopped', why }, usage: undefined, elapsedSeconds: 1, askedBy },
      '',
    );
    expect((await listEvents(store)).at(-1)).toMatchObject({ to_status: 'paused', actor });
  },
);
