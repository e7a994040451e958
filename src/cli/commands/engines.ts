import type { Command } from 'commander';
import { UsageError } from '../../domain/errors.ts';
import { asTyped, print, printJson, say, table } from '../output.ts';
import type { Shell } from '../shell.ts';

interface Flags {
  json?: boolean;
}

export function defineEngines(program: Command, shell: Shell): void {
  const engines = program
    .command('engines')
    .description('list and install speech recognisers')
    .addHelpText('after', '\nExample:\n  longhand engines install whisper');
  engines
    .command('list', { isDefault: true })
    .description('which engines there are, and which can work here')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  longhand engines list')
    .action(({ json }: Flags) => list(shell, json ?? false));
  engines
    .command('install')
    .description('build Whisper (whisper.cpp) for this machine; takes some minutes')
    .argument('<name>', 'whisper')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  longhand engines install whisper')
    .action((name: string, { json }: Flags) => install(shell, name, json ?? false));
}

async function list(shell: Shell, json: boolean): Promise<void> {
  const settings = await shell.settings(await shell.config());
  const engines = await Promise.all(
    (await shell.engines()).map(async (engine) => ({ name: engine.name, ...(await engine.check(settings)) })),
  );
  if (json) return printJson({ engines });
  const state = ({ available, detail, remedy }: (typeof engines)[number]) =>
    available ? detail : [detail, remedy].filter(Boolean).join(' ');
  print(table(engines.map((engine) => [engine.name, engine.available ? 'ready' : '-', state(engine)])));
}

async function install(shell: Shell, name: string, json: boolean): Promise<void> {
  if (name !== 'whisper') {
    throw new UsageError(
      `The engine "${name}" is not installed this way.`,
      name === 'pocketsphinx'
        ? 'On Debian and Ubuntu: apt-get install pocketsphinx. On macOS: brew install cmu-pocketsphinx'
        : 'Only whisper is: longhand engines install whisper',
    );
  }
  const { installWhisper } = await import('../../engines/whisper-build.ts');
  const { cacheDir } = await shell.config();
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  say('Building Whisper for this machine; this takes some minutes.');
  try {
    const built = await installWhisper({ cacheDir, signal: interrupted.signal, onLine: (line) => say(`  ${line}`) });
    if (json) return printJson(built);
    say(`Whisper ${built.version} is ${built.built ? 'built' : 'there already'}: ${built.program}`);
    say(asTyped('A model is needed too: longhand models pull base'));
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    say('Stopped. Nothing was left behind.');
    process.exit(130);
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}
