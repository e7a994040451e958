import { expect, it } from 'vitest';
import { Turnstile } from '../../src/library/turnstile.ts';

it('lets as many in as there is room for, the others in their order', async () => {
  const turnstile = new Turnstile();
  const entered: string[] = [];
  const enter = async (name: string, limit = 2) => {
    const leave = await turnstile.enter(limit);
    entered.push(name);
    return leave;
  };
  const leaveA = await enter('a');
  const leaveB = await enter('b');
  const c = enter('c');
  const d = enter('d');
  await settled();
  expect(entered).toEqual(['a', 'b']);
  leaveB();
  leaveB();
  await settled();
  expect(entered).toEqual(['a', 'b', 'c']);
  leaveA();
  await settled();
  expect(entered).toEqual(['a', 'b', 'c', 'd']);
  for (const leave of await Promise.all([c, d])) leave();
  await enter('e', 1);
  expect(entered.at(-1)).toBe('e');
});

it('is no longer waited for after an abort, and those behind move up', async () => {
  const turnstile = new Turnstile();
  const leave = await turnstile.enter(1);
  const abort = new AbortController();
  const first = turnstile.enter(1, abort.signal);
  const second = turnstile.enter(2);
  abort.abort(new Error('enough'));
  await expect(first).rejects.toThrow('enough');
  await second;
  await expect(turnstile.enter(9, abort.signal)).rejects.toThrow('enough');
  leave();
});

/** After this, whoever could go in is in. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
