import { useMutation } from '@tanstack/react-query';
import type { Controlled } from '../../api-types.ts';
import { ask } from '../../client.ts';
import { keys, queryClient } from '../../queries.ts';

export type Action = 'pause' | 'resume' | 'cancel' | 'retry';

/** What can be asked for a job; how it goes is the mutation's to tell. */
export function useControl(id: number) {
  return useMutation({
    mutationFn: (action: Action) =>
      ask<Partial<Controlled>>('POST', `/api/jobs/${id}/${action}`, action === 'retry' ? {} : undefined),
    onSettled: () =>
      Promise.all([
        queryClient.invalidateQueries({ queryKey: keys.queue }),
        queryClient.invalidateQueries({ queryKey: keys.jobs }),
      ]),
  });
}
