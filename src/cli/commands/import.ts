import type { Command } from 'commander';
import type { Config } from '../../config/schema.ts';
import type { ImportOptions, ImportReport } from '../../jobs/import-ttservice.ts';
import { asTyped, count, print, printJson, say, shown } from '../output.ts';
import { EXIT, type Shell } from '../shell.ts';
import { placeOf } from './db.ts';

const EXAMPLE = `
Brings jobs with their texts, times and states. The database of TTService is only read. Doing it twice is harmless: what is
here already stays as it is. Jobs that TTService had not finished can be resumed, or are failed and say why.
No other longhand command may run in the data folder meanwhile.
Exit code: 0, or 1 when TTService is still working on a job, which was left out.

Example:
  longhand import ttservice ttservice/data/transcriptor.db`;

export function defineImport(program: Command, shell: Shell, finish: (code: number) => void): void {
  program
    .command('import')
    .description('bring jobs from another program')
    .addHelpText('after', '\nExample:\n  longhand import ttservice ttservice/data/transcriptor.db')
    .command('ttservice')
    .description('bring the jobs of a TTService database')
    .argument('<path>', "TTService's data/transcriptor.db")
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLE)
    .action(async (path: string, { json }: { json?: boolean }) => {
      const report = await bring(shell, path);
      finish(report.inWork.length > 0 ? EXIT.failed : EXIT.done);
      if (json) printJson(report);
      else tell(report);
    });
}

async function bring(shell: Shell, path: string): Promise<ImportReport> {
  const [{ withStore }, { importTtservice }] = await Promise.all([
    import('../../jobs/database.ts'),
    import('../../jobs/import-ttservice.ts'),
  ]);
  const config = await shell.config();
  const parametersFor = await parametersBy(shell, config);
  return await withStore(placeOf(config), {}, (store) =>
    importTtservice({ store, dataDir: config.dataDir, path, parametersFor }),
  );
}

/** What is chosen for a model is chosen once, however many jobs had it. */
async function parametersBy(shell: Shell, config: Config): Promise<ImportOptions['parametersFor']> {
  const [{ parametersBySettings }, engines, engineSettings] = await Promise.all([
    import('../../jobs/parameters-by-settings.ts'),
    shell.engines(),
    shell.settings(config),
  ]);
  const choices = new Map<string, ReturnType<typeof parametersBySettings>>();
  return async ({ model, processes, workers }) => {
    const former = { model, processes, workers };
    const chosen = choices.get(model) ?? parametersBySettings({ engines, engineSettings, settings: config }, former);
    choices.set(model, chosen);
    return { ...(await chosen), processes, workers };
  };
}

function tell({ imported, known, inWork }: ImportReport): void {
  const byStatus = new Map<string, number>();
  for (const { status } of imported) byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
  const states = [...byStatus].map(([status, number]) => `${number} ${status}`).join(', ');
  print(`Imported ${count(imported.length, 'job')}${states ? `: ${states}` : ''}.`);
  if (known > 0) print(`${count(known, 'job')} ${known === 1 ? 'was' : 'were'} here already.`);
  for (const { id, formerId, filename } of imported) {
    if (id !== formerId) print(`Job ${formerId} of TTService (${shown(filename)}) is job ${id} here.`);
  }
  const waiting = imported.filter(({ status }) => status === 'pending' || status === 'paused').map(({ id }) => id);
  if (waiting.length > 0) say(asTyped(`To go on with what was not finished: longhand resume ${waiting.join(' ')}`));
  for (const { formerId, filename, processId } of inWork) {
    say(
      `TTService is working on its job ${formerId} (${shown(filename)}, process ${processId}); it was left out. Import again when it is done.`,
    );
  }
}
