import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AdmissionQuestion, admit, inWords, MAX_PASSES, type WaitingJob } from '../../src/domain/admission.ts';

const GB = 1024 ** 3;
const job = (id: number, needGb: number, passedOver = 0): WaitingJob<number> => ({
  id,
  needBytes: needGb * GB,
  passedOver,
});
const runs = (needGb: number, usedGb = needGb) => ({ needBytes: needGb * GB, usedBytes: usedGb * GB });

function ask(waiting: WaitingJob<number>[], more: Partial<AdmissionQuestion<number>> = {}) {
  return admit({ waiting, running: [runs(1)], freeBytes: 4 * GB, capacityBytes: 8 * GB, maxConcurrent: 2, ...more });
}

describe('who starts', () => {
  test('the first that waits, when it fits', () => {
    expect(ask([job(1, 4), job(2, 1)])).toEqual({ start: 1, passed: [], refused: [], why: new Map() });
    expect(ask([])).toEqual({ passed: [], refused: [], why: new Map() });
  });

  test('nobody, while as many run as may', () => {
    expect(ask([job(1, 1)], { running: [runs(1), runs(1)] })).toEqual({ passed: [], refused: [], why: new Map() });
    expect(ask([job(1, 1)], { running: [runs(1), runs(1)], maxConcurrent: 3 }).start).toBe(1);
  });

  test('a smaller one passes those that do not fit, and they are told why they wait', () => {
    const { start, passed, why } = ask([job(1, 6), job(2, 5), job(3, 2), job(4, 7)]);
    expect({ start, passed }).toEqual({ start: 3, passed: [1, 2] });
    expect([...why]).toEqual([
      [1, 'It needs 6.0 GB of memory, and 4.0 GB are free: it waits until a running job has ended.'],
      [2, 'It needs 5.0 GB of memory, and 4.0 GB are free: it waits until a running job has ended.'],
    ]);
  });

  test('nobody is passed when nobody starts', () => {
    const { start, passed } = ask([job(1, 6), job(2, 5)]);
    expect({ start, passed }).toEqual({ start: undefined, passed: [] });
  });

  test('memory that a running job has still to take is not free', () => {
    expect(ask([job(1, 3)], { running: [runs(2, 0.5)] }).start).toBeUndefined();
    expect(ask([job(1, 2.5)], { running: [runs(2, 0.5)] }).start).toBe(1);
    expect(ask([job(1, 4)], { running: [runs(2, 3)] }).start).toBe(1);
    expect(ask([job(1, 4.5)], { running: [runs(2, 3)] }).start).toBeUndefined();
  });
});

describe('nobody starves', () => {
  test('one that was passed as often as may be is passed no more', () => {
    expect(ask([job(1, 6, MAX_PASSES - 1), job(2, 1)]).start).toBe(2);
    const { start, why } = ask([job(1, 6, MAX_PASSES), job(2, 1), job(3, 1)]);
    expect(start).toBeUndefined();
    expect(why.get(1)).toContain('it waits until a running job has ended');
    expect(why.get(2)).toBe('Job 1 needs more memory than is free and was passed 3 times: it goes first.');
    expect(why.get(3)).toBe(why.get(2));
    expect(ask([job(1, 6, 1), job(2, 1)], { maxPasses: 1 }).why.get(2)).toContain('was passed once:');
    expect(MAX_PASSES).toBe(3);
  });

  test('it starts as soon as it fits', () => {
    expect(ask([job(1, 6, MAX_PASSES), job(2, 1)], { freeBytes: 6 * GB }).start).toBe(1);
  });

  test('when other programs hold the memory, the queue goes on behind it and it is asked first each time', () => {
    const waiting = [job(1, 6, MAX_PASSES), job(2, 1)];
    const { start, passed, why } = ask(waiting, { running: [] });
    expect({ start, passed }).toEqual({ start: 2, passed: [] });
    expect(why.get(1)).toBe(
      'It needs 6.0 GB of memory, and 4.0 GB are free: it waits until other programs leave it more. A smaller model would need less.',
    );
    expect(ask(waiting, { running: [runs(1)] }).start).toBeUndefined();
    expect(ask(waiting, { running: [], freeBytes: 6 * GB }).start).toBe(1);
  });

  test('in any queue on a machine of our own, no job is passed more often than may be, and all of them run', () => {
    const anyNeed = fc.integer({ min: 1, max: 8 });
    fc.assert(
      fc.property(
        fc.array(fc.record({ need: anyNeed, rounds: fc.integer({ min: 1, max: 5 }) }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 4 }),
        (jobs, maxConcurrent, maxPasses) => {
          let waiting = jobs.map(({ need }, id) => job(id, need));
          let running: { id: number; need: number; left: number }[] = [];
          const begun: number[] = [];
          for (let round = 0; begun.length < jobs.length; round += 1) {
            expect(round).toBeLessThan(200);
            for (;;) {
              const freeBytes = 8 * GB - running.reduce((sum, { need }) => sum + need * GB, 0);
              const asked = { running: running.map(({ need }) => runs(need)), freeBytes, maxConcurrent, maxPasses };
              const { start, passed, refused } = ask(waiting, asked);
              expect(refused).toEqual([]);
              if (start === undefined) break;
              begun.push(start);
              running.push({ id: start, need: jobs[start]!.need, left: jobs[start]!.rounds });
              waiting = waiting
                .filter(({ id }) => id !== start)
                .map((each) => ({ ...each, passedOver: each.passedOver + (passed.includes(each.id) ? 1 : 0) }));
              const inMemory = running.reduce((sum, { need }) => sum + need, 0);
              expect(inMemory).toBeLessThanOrEqual(8);
              expect(running.length).toBeLessThanOrEqual(maxConcurrent);
            }
            running = running.map((each) => ({ ...each, left: each.left - 1 })).filter(({ left }) => left > 0);
          }
          for (const [place, id] of begun.entries()) {
            const passedBy = begun.slice(0, place).filter((other) => other > id);
            expect(passedBy.length).toBeLessThanOrEqual(maxPasses);
          }
        },
      ),
    );
  });
});

describe('one that can never fit', () => {
  test('is refused with the reason, and holds nobody up', () => {
    const { start, passed, refused, why } = ask([job(1, 9, MAX_PASSES), job(2, 1)]);
    expect({ start, passed, refused }).toEqual({ start: 2, passed: [], refused: [1] });
    expect(why.get(1)).toBe('It needs 9.0 GB of memory, and a job can have 8.0 GB here.');
  });

  test('is refused also while as many run as may, and behind the one that starts', () => {
    expect(ask([job(1, 9)], { maxConcurrent: 1 }).refused).toEqual([1]);
    expect(ask([job(1, 1), job(2, 9)])).toMatchObject({ start: 1, refused: [2] });
  });

  test('fits when it needs exactly all there is', () => {
    expect(ask([job(1, 8)], { running: [], freeBytes: 8 * GB })).toMatchObject({ start: 1, refused: [] });
  });
});

test('a need and the room for it never look alike', () => {
  expect(inWords(3 * GB, 2 * GB)).toEqual({ need: '3.0 GB', room: '2.0 GB' });
  expect(inWords(2 * GB + 1, 2 * GB)).toEqual({ need: '2049 MB', room: '2048 MB' });
  const bytes = fc.integer({ min: 1024 ** 3, max: 64 * GB });
  fc.assert(
    fc.property(bytes, fc.integer({ min: 1, max: GB }), (room, more) => {
      const words = inWords(room + more, room);
      expect(words.need).not.toBe(words.room);
    }),
  );
});
