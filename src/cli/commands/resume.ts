import type { Command } from 'commander';
import { jobIds } from '../arguments.ts';
import { say } from '../output.ts';
import type { Shell } from '../shell.ts';
import { type TextFlags, withTextOptions } from '../text-options.ts';

const EXAMPLE = `
Example:
  longhand resume 12`;

export function defineResume(program: Command, shell: Shell, finish: (code: number) => void): void {
  withTextOptions(
    program
      .command('resume')
      .description('go on with stopped, paused, failed or cancelled jobs from their checkpoints')
      .argument('<id...>', 'numbers of jobs, from longhand jobs'),
    'print one JSON document with all jobs and their texts',
  )
    .addHelpText('after', EXAMPLE)
    .action(async (ids: string[], flags: TextFlags) => finish(await resume(shell, jobIds(ids), flags)));
}

async function resume(shell: Shell, ids: number[], flags: TextFlags): Promise<number> {
  const [{ destination }, { Results, sayHowToResume }, { seeThrough }] = await Promise.all([
    import('../transcript-files.ts'),
    import('../results.ts'),
    import('../work.ts'),
  ]);
  const results = new Results(destination(flags.format, flags.output), flags.json ?? false);
  const config = await shell.config();
  const tasks = ids.map((id) => ({
    async begin(api: import('../../api/client.ts').ApiClient) {
      const { from } = await api.post<{ from: string }>(`/api/jobs/${id}/resume`);
      say(from === 'processing' ? `Job ${id} is being worked on` : `Job ${id} goes on`);
      return id;
    },
  }));
  const code = await seeThrough(shell, config, tasks, {
    onResult: (job, api) => results.add(job, api),
    onStopped: sayHowToResume,
  });
  results.end();
  return code;
}
