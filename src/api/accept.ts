/** The way of every recording into the queue, however it came. */
import type { Submitted } from '../jobs/submit.ts';
import { type ApiContext, OwnerLeavingError } from './context.ts';

/**
 * Hands a recording in and says that it is wanted, unless it was there already: that one goes on when it is resumed.
 * @param submit gets what keeps a place for the job just before it is made
 * @throws OwnerLeavingError, QueueOffError; whatever `submit` throws
 */
export async function accept(
  context: ApiContext,
  submit: (makeRoom: () => Promise<void>) => Promise<Submitted>,
): Promise<Submitted> {
  requireAccepting(context);
  let giveBack = () => {};
  try {
    const submitted = await submit(async () => {
      giveBack = await context.reservePlace();
    });
    if (!submitted.existed && !submitted.duplicateOf) context.want(submitted.id);
    return submitted;
  } finally {
    giveBack();
  }
}

/** @throws OwnerLeavingError */
export function requireAccepting({ acceptsJobs }: ApiContext): void {
  if (!acceptsJobs) throw new OwnerLeavingError();
}

/** 201 for a new job, 200 for one that was there. */
export function statusOf({ existed, duplicateOf }: Submitted): 200 | 201 {
  return existed || duplicateOf ? 200 : 201;
}
