import type { Command } from 'commander';
import { byteSize, print, printJson, say, shown, table } from '../output.ts';
import type { Shell } from '../shell.ts';

interface Flags {
  json?: boolean;
}

const EXAMPLE = `
Examples:
  longhand models pull base
  longhand models add ~/Downloads/ggml-small.bin`;

const SAY_EVERY_PERCENT = 10;

export function defineModels(program: Command, shell: Shell): void {
  const models = program
    .command('models')
    .description('list, download, add and remove Whisper models')
    .addHelpText('after', EXAMPLE);
  models
    .command('list', { isDefault: true })
    .description('which models there are, what memory an engine worker needs with each, and which are installed')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  longhand models list')
    .action(({ json }: Flags) => list(shell, json ?? false));
  models
    .command('pull')
    .description('download a model; an interrupted download goes on where it was')
    .argument('<name>', 'tiny, base, small, medium, large or large-v3-turbo')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  longhand models pull base\n\nLONGHAND_MODEL_MIRROR names another source.')
    .action((name: string, { json }: Flags) => pull(shell, name, json ?? false));
  models
    .command('add')
    .description("install a model from a file: whisper.cpp's ggml format")
    .argument('<file>', 'for example ggml-small.bin')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  longhand models add ~/Downloads/ggml-small.bin')
    .action((file: string, { json }: Flags) => add(shell, file, json ?? false));
  models
    .command('remove')
    .description('delete an installed model')
    .argument('<name>', 'from longhand models list')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  longhand models remove small')
    .action((name: string, { json }: Flags) => remove(shell, name, json ?? false));
}

async function list(shell: Shell, json: boolean): Promise<void> {
  const [{ listModels }, { memoryNeedBytes }] = await Promise.all([
    import('../../engines/models.ts'),
    import('../../domain/model-choice.ts'),
  ]);
  const { cacheDir } = await shell.config();
  const models = (await listModels(cacheDir)).map((model) => ({ ...model, memoryBytes: memoryNeedBytes(model) }));
  if (json) return printJson({ models });
  const state = (model: (typeof models)[number]) => {
    if (model.problem) return `damaged: ${model.problem}`;
    return model.installed ? 'installed' : '-';
  };
  print(
    table([
      ['MODEL', 'SIZE', 'MEMORY', 'STATE'],
      ...models.map((model) => [
        shown(model.name),
        byteSize(model.sizeBytes),
        byteSize(model.memoryBytes),
        state(model),
      ]),
    ]),
  );
}

async function pull(shell: Shell, name: string, json: boolean): Promise<void> {
  const { pullModel } = await import('../../engines/model-download.ts');
  const { cacheDir, modelMirror } = await shell.config();
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  const progress = downloadProgress(name);
  try {
    const model = await pullModel(name, {
      cacheDir,
      ...(modelMirror ? { source: modelMirror } : {}),
      signal: interrupted.signal,
      onProgress: ({ receivedBytes, totalBytes }) => progress.show(receivedBytes, totalBytes),
    });
    progress.end();
    if (json) return printJson(model);
    say(`Model ${model.name} is installed: ${shown(model.path ?? '')}`);
  } catch (error) {
    progress.end();
    if (!interrupted.signal.aborted) throw error;
    say(`Stopped. What has arrived is kept; go on with: longhand models pull ${name}`);
    process.exit(130);
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

/** One redrawn line on a terminal, a line every ten per cent elsewhere. */
function downloadProgress(name: string) {
  const terminal = process.stderr.isTTY;
  let told = -SAY_EVERY_PERCENT;
  return {
    show(received: number, total: number) {
      const percent = Math.floor((received / total) * 100);
      if (!terminal && percent < told + SAY_EVERY_PERCENT) return;
      told = percent - (percent % SAY_EVERY_PERCENT);
      const line = `Downloading ${name}: ${percent} %  ${byteSize(received)} of ${byteSize(total)}`;
      if (terminal) process.stderr.write(`\r\x1b[K${line}`);
      else say(line);
    },
    end() {
      if (terminal) process.stderr.write('\r\x1b[K');
    },
  };
}

async function add(shell: Shell, file: string, json: boolean): Promise<void> {
  const { addModel } = await import('../../engines/models.ts');
  const { cacheDir } = await shell.config();
  const model = await addModel(file, { cacheDir });
  if (json) return printJson(model);
  say(`Model ${shown(model.name)} is installed: ${shown(model.path ?? '')}`);
}

async function remove(shell: Shell, name: string, json: boolean): Promise<void> {
  const { removeModel } = await import('../../engines/models.ts');
  const { cacheDir } = await shell.config();
  const removed = await removeModel(name, { cacheDir });
  if (json) return printJson(removed ?? { name });
  say(`Model ${shown(name)} is removed.`);
}
