import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byteSize, parseByteSize } from '../../src/domain/bytes.ts';
import { signalProcess } from '../../src/supervisor/identity.ts';
import {
  hostMemoryReport,
  LimitWatch,
  memoryReport,
  timeLimitSeconds,
  timeoutReport,
} from '../../src/supervisor/limits.ts';
import { exactBytes, UsageMeter } from '../../src/supervisor/usage.ts';
import { start, startFixture, until } from './processes.ts';

const MB = 1024 ** 2;
const GB = 1024 ** 3;

describe('the time limit', () => {
  test('that is set is hard', () => {
    expect(timeLimitSeconds({ settingSeconds: 60, estimateSeconds: 10_000 })).toBe(60);
    expect(timeLimitSeconds({ settingSeconds: 86_400 })).toBe(86_400);
  });

  test('that is not set is half an hour or ten times the estimate, whichever is longer', () => {
    expect(timeLimitSeconds({})).toBe(1_800);
    expect(timeLimitSeconds({ estimateSeconds: 180 })).toBe(1_800);
    expect(timeLimitSeconds({ estimateSeconds: 181 })).toBe(1_810);
    expect(timeLimitSeconds({ estimateSeconds: 7_200 })).toBe(72_000);
  });

  test.each([
    [1_800, '30 minutes'],
    [60, '1 minute'],
    [5_400, '90 minutes'],
    [3_600, '1 hour'],
    [7_200, '2 hours'],
    [1, '1 second'],
    [0.2, '1 second'],
    [95, '95 seconds'],
    [3_126.8, '52 minutes 7 seconds'],
    [1_801, '30 minutes 1 second'],
  ])('of %d seconds is told in words', (seconds, words) => {
    const report = timeoutReport(seconds);
    expect(report).toMatchObject({ kind: 'timeout', message: `Transcription timeout after ${words}` });
    expect(report.remedy).toMatch(/TRANSCRIPTION_TIMEOUT.*longhand resume/);
  });
});

test('the reports on memory name what was used, what was allowed, and what was ended', () => {
  const own = memoryReport({ limitBytes: 2 * GB, peakBytes: 2.25 * GB });
  expect(own).toMatchObject({
    kind: 'memory',
    message: 'The transcription went over its memory limit of 2.0 GB (peak 2.3 GB).',
  });
  expect(own.remedy).toContain('MAX_MEMORY_PER_TRANSCRIPTION');
  const host = hostMemoryReport({ what: 'the runner', peakBytes: 700 * MB });
  expect(host).toMatchObject({
    kind: 'memory',
    message: 'The computer ran out of memory, and its system ended the runner (peak 700.0 MB).',
  });
  expect(host.remedy).toBeTruthy();
  expect(hostMemoryReport({ what: 'ffmpeg' }).message).toMatch(/ended ffmpeg\.$/);
});

describe('a watch', () => {
  test('asks for the exact figure only when the sum is over, and goes by it', () => {
    const exact = [90, 80, 101];
    let asked = 0;
    const watch = new LimitWatch({ memoryBytes: 100, exact: () => exact[asked++] });
    expect(watch.check({ rssBytes: 100 })).toBeUndefined();
    expect([asked, watch.peakBytes]).toEqual([0, 100]);
    expect(watch.check({ rssBytes: 150 })).toBeUndefined();
    expect(watch.check({ rssBytes: 160 })).toBeUndefined();
    expect([asked, watch.peakBytes]).toEqual([2, 100]);
    expect(watch.check({ rssBytes: 170 })).toEqual(memoryReport({ limitBytes: 100, peakBytes: 101 }));
  });

  test('goes by the sum where there is no exact figure', () => {
    const watch = new LimitWatch({ memoryBytes: 100, exact: () => undefined });
    expect(watch.check({ rssBytes: 120 })).toEqual(memoryReport({ limitBytes: 100, peakBytes: 120 }));
  });

  test('without a limit knows the peak alone', () => {
    const watch = new LimitWatch({ exact: () => 1 });
    expect(watch.check({ rssBytes: 64 * GB })).toBeUndefined();
    expect(watch.peakBytes).toBe(64 * GB);
  });

  test('goes by what is used now, and keeps the peak', () => {
    const watch = new LimitWatch({ memoryBytes: 100, exact: () => undefined });
    expect(watch.check({ rssBytes: 200 })).toBeDefined();
    expect(watch.check({ rssBytes: 50 })).toBeUndefined();
    expect(watch.check({ rssBytes: 150 })).toEqual(memoryReport({ limitBytes: 100, peakBytes: 200 }));
  });
});

describe.runIf(process.platform === 'linux')('with real processes', () => {
  test('a leak is noticed, with limit and peak', async () => {
    const leaking = await start(process.execPath, ['test/fixtures/leaks-memory.js', '400']);
    await leaking.line();
    const meter = new UsageMeter(leaking.identity);
    const limitBytes = (meter.sample()?.rssBytes ?? 0) + 100 * MB;
    const watch = new LimitWatch({ memoryBytes: limitBytes, exact: () => exactBytes(leaking.identity) });
    const look = () => watch.check(meter.sample() ?? { rssBytes: 0 });
    expect(look()).toBeUndefined();
    signalProcess(leaking.identity, 'SIGUSR2');
    await until(() => look() !== undefined, 'the breach');
    expect(watch.peakBytes).toBeGreaterThan(limitBytes);
    expect(watch.peakBytes).toBeLessThan(limitBytes + 400 * MB);
    expect(look()?.message).toContain(`memory limit of ${byteSize(limitBytes)} (peak `);
  });

  test('memory that processes share breaks no limit that it keeps once', async () => {
    const sharing = await startFixture('shares-memory.sh');
    await sharing.line();
    const usage = new UsageMeter(sharing.identity).sample() ?? { rssBytes: 0 };
    const exact = () => exactBytes(sharing.identity);
    const between = new LimitWatch({ memoryBytes: Math.round(usage.rssBytes * 0.8), exact });
    expect(between.check(usage)).toBeUndefined();
    const below = new LimitWatch({ memoryBytes: 16 * MB, exact });
    expect(below.check(usage)).toEqual(memoryReport({ limitBytes: 16 * MB, peakBytes: below.peakBytes }));
    expect(below.peakBytes).toBeLessThan(usage.rssBytes * 0.8);
  });
});

describe('an amount of memory', () => {
  test.each([
    ['2GB', 2 * GB],
    ['512MB', 512 * MB],
    ['1.5g', 1.5 * GB],
    [' 2 GiB ', 2 * GB],
    ['64k', 65_536],
    ['2147483648', 2 * GB],
    ['100 B', 100],
    ['.5kb', 512],
    ['1.0001 KB', 1024],
    ['3tb', 3 * 1024 ** 4],
    ['0', 0],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseByteSize(text)).toBe(bytes);
  });

  test.each([
    '',
    'GB',
    'two',
    '-1GB',
    '2 GB RAM',
    '1,5GB',
    '1e9',
    '2PB',
    'Infinity',
    '0x10',
    '1.GB',
    '9999999TB',
    '2 G B',
  ])('"%s" is none', (text) => {
    expect(parseByteSize(text)).toBeUndefined();
  });

  test('that is written is read again, as exactly as it was written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1024 ** 4 }), (bytes) => {
        const read = parseByteSize(byteSize(bytes)) ?? Number.NaN;
        expect(Math.abs(read - bytes)).toBeLessThanOrEqual(Math.max(0.5, bytes * 0.06));
      }),
    );
  });
});
