/** Makes jobs go on and sees them through: `resume` and `retry`. */
import type { ApiClient } from '../api/client.ts';
import type { GoesOn } from '../api/routes/control.ts';
import { say } from './output.ts';
import type { Shell } from './shell.ts';
import type { TextFlags } from './text-options.ts';

export interface GoingOn {
  ids: readonly number[];
  flags: TextFlags;
  /** Asks the owner for it. */
  request(api: ApiClient, id: number): Promise<GoesOn>;
  /** What happens to the job now, as a sentence without its end. */
  sentence(job: GoesOn): string;
}

/**
 * Asks the owner to go on with the jobs, follows them to their ends and gives their texts. One that is refused keeps no other
 * from going on.
 * @returns the exit code
 */
export async function goOnWith(shell: Shell, { ids, flags, request, sentence }: GoingOn): Promise<number> {
  const [{ destination }, { Results, sayHowToResume }, { seeThrough }] = await Promise.all([
    import('./transcript-files.ts'),
    import('./results.ts'),
    import('./work.ts'),
  ]);
  const results = new Results(destination(flags.format, flags.output), flags.json ?? false);
  const config = await shell.config();
  const tasks = ids.map((id) => ({
    async begin(api: ApiClient) {
      const job = await request(api, id);
      say(`${sentence(job)}${when(job)}`);
      return { id };
    },
    path: `job ${id}`,
  }));
  const code = await seeThrough(shell, config, tasks, {
    inOrder: flags.output === undefined,
    apart: true,
    onResult: (job, api) => results.add(job, api),
    onRefused: (error, { path }) => results.refuse(error, path),
    onStopped: sayHowToResume,
  });
  results.end();
  return code;
}

function when({ opensAt }: GoesOn): string {
  return opensAt === null ? '' : `, as soon as the hours for work begin: ${opensAt.slice(0, 16).replace('T', ' ')} UTC`;
}
