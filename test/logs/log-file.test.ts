import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jobIdOfLogFile, logFileName, parseLogFileName } from '../../src/logs/log-file.ts';

describe('the name of a log', () => {
  test.each([
    [7, 'transcribe_job_7.log'],
    ['a-Z_09', 'transcribe_job_a-Z_09.log'],
    ['../../etc/passwd', 'transcribe_job_%2E%2E%2F%2E%2E%2Fetc%2Fpasswd.log'],
    ['7.log', 'transcribe_job_7%2Elog.log'],
    ['%37', 'transcribe_job_%2537.log'],
    ['a b\n\u0000', 'transcribe_job_a%20b%0A%00.log'],
    ['ไทย', 'transcribe_job_%u0E44%u0E17%u0E22.log'],
    ['', 'transcribe_job_.log'],
  ])('of job %j is %s', (id, name) => {
    expect(logFileName(id)).toBe(name);
    expect(jobIdOfLogFile(name)).toBe(String(id));
  });

  test('is safe for any id, and tells it', () => {
    const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
    const id = fc.oneof(fc.string({ unit }), fc.string({ unit: fc.constantFrom(...'%u.37/~') }));
    fc.assert(
      fc.property(id, (text) => {
        const name = logFileName(text);
        expect(name).toMatch(/^transcribe_job_[A-Za-z0-9_%~-]*\.log$/);
        expect(name.length).toBeLessThan(160);
        if (!name.includes('~')) expect(jobIdOfLogFile(name)).toBe(text);
      }),
    );
  });

  test('of an id that is too long is short, and another for another id', () => {
    const [one, other] = [logFileName('x'.repeat(500)), logFileName(`${'x'.repeat(499)}y`)];
    expect(one).toMatch(/^transcribe_job_~[0-9a-f]{64}\.log$/);
    expect(other).not.toBe(one);
    expect(jobIdOfLogFile(one)).toBeUndefined();
  });
});

describe('the job', () => {
  test.each([
    'transcribe_job_7.log.0-10000000',
    'transcribe_job_7.log.0-10000000.gz',
    'transcribe_job_7.log.start',
    'transcribe_job_7.log.0-5.8d1e.part',
  ])('is known from %s', (name) => {
    expect(jobIdOfLogFile(name)).toBe('7');
  });

  test.each([
    'longhand.log',
    'transcribe_job_7.txt',
    'transcribe_job_7.log.bak',
    'transcribe_job_7.log.0-',
    'transcribe_job_7.log.a-b',
    'my transcribe_job_7.log',
    // Nobody would write these for any id.
    'transcribe_job_%37.log',
    'transcribe_job_%2e.log',
  ])('is not known from %s', (name) => {
    expect(jobIdOfLogFile(name)).toBeUndefined();
  });
});

test("the service's own log has parts as any other", () => {
  expect(parseLogFileName('longhand.log.0-7.gz')).toEqual({
    log: 'longhand.log',
    kind: { type: 'part', start: 0, end: 7, gzip: true },
  });
});
