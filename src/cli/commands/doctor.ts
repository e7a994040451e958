import type { Command } from 'commander';
import type { Examined } from '../examine.ts';
import { print, printJson, table } from '../output.ts';
import { EXIT, type Shell } from '../shell.ts';

const EXAMPLE = `
Exit code: 0 when recordings can be transcribed here, else 1.

Example:
  longhand doctor`;

export function defineDoctor(program: Command, shell: Shell, finish: (code: number) => void): void {
  program
    .command('doctor')
    .description('check programs, engines, models, folders and disk, with the remedy for what is missing')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLE)
    .action(async ({ json }: { json?: boolean }) => {
      const { examine } = await import('../examine.ts');
      const config = await shell.config();
      const found = await examine(config, await shell.engines(), await shell.settings(config));
      const healthy = found.every(({ state }) => state !== 'missing');
      finish(healthy ? EXIT.done : EXIT.failed);
      if (json) return printJson({ status: healthy ? 'healthy' : 'unhealthy', checks: found });
      print(report(found));
    });
}

const MARK: Record<Examined['state'], string> = { good: '✓', optional: '·', missing: '✗' };

function report(found: Examined[]): string {
  return table(
    found.map(({ state, name, detail, remedy }) => [MARK[state], name, remedy ? `${detail} → ${remedy}` : detail]),
  );
}
