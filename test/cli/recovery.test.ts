import { expect, test } from 'vitest';
import { recoverySentence } from '../../src/cli/recovery.ts';

test('what a dead owner left is told in a sentence for each state', () => {
  expect(recoverySentence({ jobId: 4, killed: [], status: 'pending' })).toBe(
    'Job 4 was left behind by a process that died; it is pending at its checkpoint.',
  );
  const killed = [
    { pid: 41, command: 'node' },
    { pid: 42, command: 'sh' },
  ];
  expect(recoverySentence({ jobId: 5, killed, status: 'failed' })).toBe(
    'Job 5 was left behind by a process that died, ended node (41), sh (42); it has failed, and what was done is kept. ' +
      'Why: longhand show 5',
  );
});
