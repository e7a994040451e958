import { expect, it } from 'vitest';
import { type EventView, historyOf, sentenceOf } from '../../src/jobs/history.ts';

const BASE = { at: '2026-01-01T00:00:00.000Z', from: null, to: null, actor: 'user', reason: null, data: null };

function event(more: Partial<EventView>): EventView {
  return { type: 'status', ...BASE, ...more };
}

it.each<[string, Partial<EventView>]>([
  ['Submitted by the user.', { type: 'submitted' }],
  ['Run 2 began.', { type: 'claimed', reason: 'Run 2', actor: 'supervisor' }],
  ['Completed.', { from: 'processing', to: 'completed', actor: 'supervisor', reason: 'All stages are complete' }],
  ['Failed: No sound.', { to: 'failed', actor: 'supervisor', reason: 'No sound.' }],
  ['Failed after 3 retries: No answer.', { to: 'failed', reason: 'Failed after 3 retries: No answer.' }],
  ['Retry 2/3 in 60 s: No answer.', { to: 'retrying', actor: 'supervisor', reason: 'Retry 2/3 in 60 s: No answer.' }],
  ['Cancelled by the user while it was worked on.', { from: 'processing', to: 'cancelled', reason: 'Stopped by user' }],
  ['Paused by the user.', { from: 'pending', to: 'paused', reason: 'Paused by user' }],
  ['Paused: quiet hours.', { to: 'paused', actor: 'supervisor', reason: 'paused: quiet hours' }],
  ['Stopped at its checkpoint by the user.', { from: 'processing', to: 'pending', reason: 'interrupted' }],
  ['Back in the queue at its checkpoint: It crashed.', { from: 'processing', to: 'pending', reason: 'It crashed.' }],
  ['The wait is over.', { from: 'retrying', to: 'pending', actor: 'supervisor', reason: 'The wait is over' }],
  ['Retried from the start by the user.', { from: 'failed', to: 'pending', reason: 'Retried from the start' }],
  ['Priority changed from 0 to 5 by the user.', { type: 'changed', data: { what: 'priority', from: 0, to: 5 } }],
  [
    'Transcript edited by ann: version 2, 3 passages changed.',
    { type: 'edited', actor: 'ann', reason: 'Transcript edited: version 2, 3 passages changed' },
  ],
  [
    'Version 1 of the transcript fetched back as version 3 by the user.',
    { type: 'edited', reason: 'Version 1 of the transcript fetched back as version 3' },
  ],
  ['Deleted by the user (a.wav; it was failed).', { type: 'deleted', from: 'failed', data: { filename: 'a.wav' } }],
  ['Queue paused by the user: Too loud.', { type: 'queue', reason: 'Paused: Too loud' }],
  ['Queue resumed by Longhand: Space.', { type: 'queue', actor: 'supervisor', reason: 'Resumed: Space' }],
])('%s', (sentence, more) => {
  expect(sentenceOf(event(more))).toBe(sentence);
});

it('tells how each run ended where it ended', () => {
  const at = (second: number) => `2026-01-01T00:00:0${second}.000Z`;
  const run = (number: number, from: number, to: number | null, outcome: string | null) => ({
    ...{ number, startedAt: at(from), endedAt: to === null ? null : at(to), outcome, engine: 'whisper' },
    ...{ model: number === 1 ? 'small' : 'base', chunksCommitted: number, peakMemoryBytes: null },
  });
  const events = [
    event({ type: 'submitted', at: at(0) }),
    event({ type: 'claimed', at: at(1), reason: 'Run 1' }),
    event({
      at: at(3),
      from: 'processing',
      to: 'retrying',
      reason: 'Retry 1/3 in 30 s with the smaller model base: full',
    }),
    event({ type: 'claimed', at: at(4), reason: 'Run 2' }),
  ];
  expect(historyOf(events, [run(1, 1, 3, 'failed'), run(2, 4, null, null)]).map(({ sentence }) => sentence)).toEqual([
    'Submitted by the user.',
    'Run 1 began (whisper, model small).',
    'Run 1 was over after 2 s: failed, 1 chunk done.',
    'Retry 1/3 in 30 s with the smaller model base: full.',
    'Run 2 began (whisper, model base).',
  ]);
});
