import { expect, test } from 'vitest';
import { EngineError, InputError, LonghandError, ModelError, reportOf, UsageError } from '../../src/domain/errors.ts';

test('what Longhand raises keeps its kind, its remedy and its evidence', () => {
  expect(reportOf(new ModelError('It is damaged.', { remedy: 'Pull it.', evidence: 'magic 0' }))).toEqual({
    kind: 'model',
    message: 'It is damaged.',
    remedy: 'Pull it.',
    evidence: 'magic 0',
  });
  expect(reportOf(new InputError('It is empty.'))).toEqual({ kind: 'input', message: 'It is empty.' });
});

test('a report survives the way through JSON and back', () => {
  const report = reportOf(new EngineError('It died.', { evidence: 'signal SIGSEGV' }));
  expect(reportOf(new LonghandError(JSON.parse(JSON.stringify(report))))).toEqual(report);
});

test.each(['ENOSPC', 'EDQUOT', 'EROFS'])('%s is about the disk, and names the file', (code) => {
  const error = Object.assign(new Error(`${code}: write`), { code, path: '/data/x' });
  const { kind, message, remedy } = reportOf(error);
  expect(kind).toBe('disk');
  expect(message).toContain('/data/x');
  expect(remedy).toBeTruthy();
});

test.each([['a text'], [undefined], [null], [42], [new TypeError('x is not a function')]])(
  'whatever else was thrown (%s) becomes a report',
  (thrown) => {
    expect(reportOf(thrown).kind).toBe('unknown');
    expect(typeof reportOf(thrown).message).toBe('string');
  },
);

test('an error is named for what it is', () => {
  expect(new UsageError('no').name).toBe('UsageError');
  expect(new UsageError('no')).toBeInstanceOf(LonghandError);
});
