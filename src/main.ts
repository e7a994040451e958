/** The `longhand` command. */
import { Command, CommanderError } from 'commander';
import { defineAudit } from './cli/commands/audit.ts';
import { defineCancel } from './cli/commands/cancel.ts';
import { defineCleanup } from './cli/commands/cleanup.ts';
import { defineDb } from './cli/commands/db.ts';
import { defineDelete } from './cli/commands/delete.ts';
import { defineDoctor } from './cli/commands/doctor.ts';
import { defineEngines } from './cli/commands/engines.ts';
import { defineExport } from './cli/commands/export.ts';
import { defineImport } from './cli/commands/import.ts';
import { defineJobs } from './cli/commands/jobs.ts';
import { defineKeys } from './cli/commands/keys.ts';
import { defineLogs } from './cli/commands/logs.ts';
import { defineModels } from './cli/commands/models.ts';
import { defineNotify } from './cli/commands/notify.ts';
import { definePause } from './cli/commands/pause.ts';
import { definePriority } from './cli/commands/priority.ts';
import { defineQueue } from './cli/commands/queue.ts';
import { defineRestart } from './cli/commands/restart.ts';
import { defineResume } from './cli/commands/resume.ts';
import { defineRetry } from './cli/commands/retry.ts';
import { defineServe } from './cli/commands/serve.ts';
import { defineShow } from './cli/commands/show.ts';
import { defineStart } from './cli/commands/start.ts';
import { defineStatus } from './cli/commands/status.ts';
import { defineStop } from './cli/commands/stop.ts';
import { defineTranscribe } from './cli/commands/transcribe.ts';
import { defineUsers } from './cli/commands/users.ts';
import { defineVersions } from './cli/commands/versions.ts';
import { defineWatch } from './cli/commands/watch.ts';
import { exitCodeOf, say, sayError } from './cli/output.ts';
import { EXIT, type Shell } from './cli/shell.ts';
import { VERSION } from './version.ts';

const shell: Shell = {
  async config(flags) {
    const { loadConfig } = await import('./config/load.ts');
    const { config, warnings } = loadConfig(flags);
    for (const warning of warnings) say(`longhand: ${warning}`);
    return config;
  },
  startOwner: async (config, options) =>
    (await import('./app.ts')).startOwner(config, { ...options, command: process.argv[2], onWarning: say }),
  engines: async () => (await import('./engines/registry.ts')).allEngines(),
  settings: async (config) => (await import('./owner-settings.ts')).engineSettings(config),
};

async function main(argv: string[]): Promise<number> {
  const program = new Command('longhand')
    .description('Turns recordings into text and never loses one.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureHelp({ showGlobalOptions: false })
    .addHelpText('after', EXAMPLE);
  let code: number = EXIT.done;
  const finish = (result: number) => {
    code = result;
  };
  for (const define of [
    defineTranscribe,
    defineServe,
    defineStart,
    defineStop,
    defineRestart,
    defineStatus,
    defineWatch,
    defineJobs,
    defineShow,
    definePause,
    defineResume,
    defineCancel,
    defineRetry,
    definePriority,
    defineQueue,
    defineDelete,
    defineAudit,
    defineNotify,
    defineExport,
    defineVersions,
    defineLogs,
    defineModels,
    defineEngines,
    defineDoctor,
    defineCleanup,
    defineDb,
    defineImport,
    defineUsers,
    defineKeys,
  ]) {
    define(program, shell, finish);
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    sayError(error);
    return exitCodeOf(error);
  }
}

const EXAMPLE = `
Example:
  longhand transcribe interview.m4a --format srt --output subtitles

Longhand keeps jobs, logs and texts in LONGHAND_DATA, models in LONGHAND_CACHE.`;

// A reader that went away (`longhand jobs | head -1`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? EXIT.done);
  throw error;
});

process.exitCode = await main(process.argv.slice(2));
