import type { Command } from 'commander';
import type { Examined } from '../../doctor/examine.ts';
import type { HealthAnswer } from '../../doctor/examine-supervision.ts';
import { asTyped, print, printJson, say, table } from '../output.ts';
import { EXIT, type Shell } from '../shell.ts';

/** An owner that lives answers at once. */
const ANSWER_MS = 10_000;

const EXAMPLE = `
Marks: ✓ good, · not there and not needed, ! look at it, ✗ keeps recordings from being transcribed.
With --json the status is healthy, degraded (a !) or unhealthy (a ✗).
Exit code: 0 when recordings can be transcribed here, else 1.

Examples:
  longhand doctor
  longhand doctor --json`;

export function defineDoctor(program: Command, shell: Shell, finish: (code: number) => void): void {
  program
    .command('doctor')
    .description('check programs, engines, models, folders, disk and running jobs, with the remedy for what is wrong')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLE)
    .action(async ({ json }: { json?: boolean }) => {
      const [{ examine }, { ask }] = await Promise.all([import('../../doctor/examine.ts'), import('../session.ts')]);
      const config = await shell.config();
      const askHealth = () =>
        ask(shell, config, (api) => api.get<HealthAnswer>('/api/health', AbortSignal.timeout(ANSWER_MS)));
      const found = await examine(config, await shell.engines(), await shell.settings(config), askHealth, say);
      finish(found.status === 'unhealthy' ? EXIT.failed : EXIT.done);
      if (json) return printJson(found);
      print(report(found.checks));
    });
}

const MARK: Record<Examined['state'], string> = { good: '✓', optional: '·', warning: '!', missing: '✗' };

function report(found: Examined[]): string {
  return table(
    found.map(({ state, name, detail, remedy }) => [
      MARK[state],
      name,
      remedy ? `${detail} → ${asTyped(remedy)}` : detail,
    ]),
  );
}
