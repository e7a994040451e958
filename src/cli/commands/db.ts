import type { Command } from 'commander';
import type { Config } from '../../config/schema.ts';
import { systemClock } from '../../domain/clock.ts';
import { UsageError } from '../../domain/errors.ts';
import type { Checked, DatabasePlace, MigrationReport } from '../../jobs/database.ts';
import { asTyped, byteSize, count, print, printJson, say } from '../output.ts';
import { EXIT, type Shell } from '../shell.ts';

interface Flags {
  json?: boolean;
}

interface MigrationFlags extends Flags {
  dryRun?: boolean;
  steps?: string;
}

const ALONE = 'No other longhand command may run in the data folder meanwhile.';
const DRY_RUN = 'try it on a copy that is deleted afterwards, and change nothing';

/** Check, backup, restore, migrate, rollback. */
export function defineDb(program: Command, shell: Shell, finish: (code: number) => void): void {
  const db = program
    .command('db')
    .description('look after the database: check, back up, restore, migrate')
    .addHelpText('after', '\nExample:\n  longhand db backup');
  db.command('check')
    .description('read the database from end to end; also while Longhand works')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit code: 0 it is sound, 1 it is damaged.\n\nExample:\n  longhand db check')
    .action(async (flags: Flags) => finish(await check(shell, flags)));
  db.command('backup')
    .description('make a backup and verify it; also while Longhand works')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nBackups are in the folder backups beside the database; the newest 7 are kept.\n\nExample:\n  longhand db backup',
    )
    .action((flags: Flags) => backUp(shell, flags));
  db.command('restore')
    .description('put a backup in the place of the database, which is kept aside')
    .argument('<file>', 'a backup; longhand db check names the newest')
    .option('--json', 'print JSON')
    .addHelpText('after', `\n${ALONE}\n\nExample:\n  longhand db restore backup.db`)
    .action((file: string, flags: Flags) => restore(shell, file, flags));
  db.command('migrate')
    .description('take the steps of the schema that are missing, after a backup')
    .option('--dry-run', DRY_RUN)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `\nLonghand does this by itself when it starts. ${ALONE}\n\nExample:\n  longhand db migrate --dry-run`,
    )
    .action((flags: MigrationFlags) => migrate(shell, flags));
  db.command('rollback')
    .description('take the last step of the schema back, after a backup, to go on with an older version')
    .option('--steps <n>', 'this many steps', '1')
    .option('--dry-run', DRY_RUN)
    .option('--json', 'print JSON')
    .addHelpText('after', `\n${ALONE}\n\nExample:\n  longhand db rollback --dry-run`)
    .action((flags: MigrationFlags) => rollBack(shell, flags));
}

/** Where the database of these settings is. */
export function placeOf({ dataDir, databaseUrl }: Config): DatabasePlace {
  return { dataDir, databaseUrl, clock: systemClock };
}

async function check(shell: Shell, { json }: Flags): Promise<number> {
  const { checkDatabase } = await import('../../jobs/database.ts');
  const checked = await checkDatabase(placeOf(await shell.config()));
  if (json) printJson(checked);
  else tellChecked(checked);
  return checked.state === 'damaged' ? EXIT.failed : EXIT.done;
}

function tellChecked({ database, state, found, error }: Checked): void {
  if (state === 'none') print(`There is no database yet: ${database}`);
  if (error) {
    say(`longhand: ${error.message}`);
    say(`  ${asTyped(error.remedy ?? '')}`);
  }
  if (!found) return;
  const { jobs, bytes, version, pending, newestBackup } = found;
  print(`The database ${database} is sound: ${count(jobs, 'job')}, ${byteSize(bytes)}, schema ${version ?? 'none'}.`);
  if (pending.length > 0) print(`The next start takes: ${pending.join(', ')}.`);
  const none = asTyped('There is no backup yet. Make one: longhand db backup');
  print(newestBackup ? `Newest good backup: ${newestBackup}` : none);
}

async function backUp(shell: Shell, { json }: Flags): Promise<void> {
  const { backUpDatabase } = await import('../../jobs/database.ts');
  const made = await backUpDatabase(placeOf(await shell.config()));
  if (json) return printJson(made);
  print(made.backup);
  say(`Made and verified a backup (${byteSize(made.bytes)}); ${count(made.kept, 'backup')} kept.`);
}

async function restore(shell: Shell, file: string, { json }: Flags): Promise<void> {
  const { restoreDatabase } = await import('../../jobs/database.ts');
  const restored = await restoreDatabase(placeOf(await shell.config()), file);
  if (json) return printJson(restored);
  print(`Restored ${file} (schema ${restored.version}).`);
  if (restored.aside) print(`What was there before is kept: ${restored.aside}`);
}

async function migrate(shell: Shell, { dryRun = false, json }: MigrationFlags): Promise<void> {
  const { migrateDatabase } = await import('../../jobs/database.ts');
  const report = await migrateDatabase(placeOf(await shell.config()), { dryRun });
  if (json) return printJson(report);
  tell(report, { done: 'Took', would: 'Would take', nothing: 'The schema is up to date.' });
}

async function rollBack(shell: Shell, { steps = '1', dryRun = false, json }: MigrationFlags): Promise<void> {
  if (!/^[1-9]\d{0,2}$/.test(steps)) throw new UsageError(`--steps must be a number from 1 to 999, not "${steps}".`);
  const { rollBackDatabase } = await import('../../jobs/database.ts');
  const report = await rollBackDatabase(placeOf(await shell.config()), { steps: Number(steps), dryRun });
  if (json) return printJson(report);
  tell(report, { done: 'Took back', would: 'Would take back', nothing: 'There is no step to take back.' });
  if (!dryRun && report.applied.length > 0) {
    say('Now start the older version: this one takes the steps again when it starts.');
  }
}

function tell(report: MigrationReport, words: { done: string; would: string; nothing: string }): void {
  const { applied, backup, tookMs = 0 } = report;
  if (applied.length === 0) {
    print(words.nothing);
    return;
  }
  const steps = applied.join(', ');
  print(report.dryRun ? `${words.would}: ${steps} (${Math.ceil(tookMs)} ms on a copy).` : `${words.done}: ${steps}.`);
  if (backup) print(`Backup from before: ${backup}`);
}
