import { expect, test } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';

test('a sleep that is aborted rejects with the reason, before and while it lasts', async () => {
  const reason = new Error('enough');
  await expect(systemClock.sleep(1e9, AbortSignal.abort(reason))).rejects.toBe(reason);
  const controller = new AbortController();
  const sleeping = systemClock.sleep(1e9, controller.signal);
  controller.abort(reason);
  await expect(sleeping).rejects.toBe(reason);
});

test('a sleep ends', async () => {
  await systemClock.sleep(1);
  await systemClock.sleep(1, new AbortController().signal);
});
