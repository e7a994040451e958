import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canTransition, isAtRest, JOB_STATUSES, type JobStatus, refusal, statesBefore } from '../../src/domain/job.ts';

/** The drawing of the states, written down a second time: an arrow that changes must be changed here too. */
const DRAWN: Record<JobStatus, JobStatus[]> = {
  pending: ['processing', 'paused', 'cancelled', 'failed'],
  processing: ['completed', 'failed', 'retrying', 'paused', 'cancelled', 'pending'],
  retrying: ['pending', 'cancelled', 'failed'],
  paused: ['pending', 'cancelled'],
  completed: ['pending'],
  failed: ['pending'],
  cancelled: ['pending'],
};

const anyStatus = fc.constantFrom(...JOB_STATUSES);

test.each(JOB_STATUSES)('%s leads where the drawing says, and nowhere else', (from) => {
  expect(JOB_STATUSES.filter((to) => canTransition(from, to)).sort()).toEqual([...DRAWN[from]].sort());
});

test.each(JOB_STATUSES)('what a %s job cannot become is told, with what it can become', (from) => {
  for (const to of JOB_STATUSES.filter((status) => !canTransition(from, status))) {
    expect(refusal(from, to)).toBe(`A ${from} job cannot become ${to}; it can become ${DRAWN[from].join(', ')}.`);
  }
});

test('no state leads to itself, and every state can be reached from pending', () => {
  const reached = new Set<JobStatus>(['pending']);
  for (const from of reached) for (const to of DRAWN[from]) reached.add(to);
  expect([...reached].sort()).toEqual([...JOB_STATUSES].sort());
  for (const status of JOB_STATUSES) expect(canTransition(status, status)).toBe(false);
});

describe('whatever is asked of a job, in any order', () => {
  test('it only takes the steps of the drawing, and each refusal says why', () => {
    fc.assert(
      fc.property(fc.array(anyStatus, { maxLength: 200 }), (wishes) => {
        let status: JobStatus = 'pending';
        for (const wish of wishes) {
          if (canTransition(status, wish)) {
            expect(DRAWN[status]).toContain(wish);
            status = wish;
          } else {
            expect(DRAWN[status]).not.toContain(wish);
            const why = refusal(status, wish);
            expect(why).toContain(`A ${status} job cannot become ${wish}`);
            for (const may of DRAWN[status]) expect(why).toContain(may);
          }
        }
      }),
    );
  });

  test('it is completed only straight after processing, and what is done stays done until somebody retries it', () => {
    fc.assert(
      fc.property(fc.array(anyStatus, { maxLength: 200 }), (wishes) => {
        const path: JobStatus[] = ['pending'];
        for (const wish of wishes) if (canTransition(path.at(-1)!, wish)) path.push(wish);
        for (const [step, status] of path.entries()) {
          const before = path[step - 1];
          if (status === 'completed') expect(before).toBe('processing');
          if (before === 'completed' || before === 'failed' || before === 'cancelled') expect(status).toBe('pending');
        }
      }),
    );
  });
});

test('the states before a state are those that lead to it', () => {
  fc.assert(
    fc.property(anyStatus, anyStatus, (from, to) => {
      expect(statesBefore(to).includes(from)).toBe(canTransition(from, to));
    }),
  );
});

test('a job at rest is one that nothing but a person moves', () => {
  expect(JOB_STATUSES.filter(isAtRest).sort()).toEqual(['cancelled', 'completed', 'failed', 'paused']);
});
