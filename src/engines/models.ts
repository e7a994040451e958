/**
 * The Whisper models: which there are, which of them are installed, and that what is installed is whole.
 *
 * A model is a file `<cache>/models/ggml-<name>.bin`; beside it `ggml-<name>.bin.json` records its size and checksums
 * as they were when it was installed. A file that somebody put there without a record is taken too, if it is whole.
 */
import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { chmod, copyFile, mkdir, open, readdir, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DiskError, InputError, LonghandError, ModelError, UsageError } from '../domain/errors.ts';
import type { ModelEntry } from '../domain/model-shelf.ts';
import { isAlive } from './alive.ts';
import { inspectGgmlModel } from './ggml-model.ts';

export interface CatalogueModel {
  name: string;
  /** Other names it is known by. */
  aliases?: readonly string[];
  fileName: string;
  sizeBytes: number;
  sha1: string;
}

/**
 * The models that can be pulled. SHA-1 from models/README.md of whisper.cpp 1.9.1, as shipped in the npm package
 * nodejs-whisper 0.3.1; sizes are those of the published files (the same list gives them in MiB, and a test derives
 * them from the models' shapes).
 */
export const MODEL_CATALOGUE: readonly CatalogueModel[] = [
  model('tiny', 77_691_713, 'bd577a113a864445d4c299885e0cb97d4ba92b5f'),
  model('base', 147_951_465, '465707469ff3a37a2b9b8d8f89f2f99de7299dac'),
  model('small', 487_601_967, '55356645c2b361a969dfd0ef2c5a50d530afd8d5'),
  model('medium', 1_533_763_059, 'fd9727b6e1217c2f614f9b698455c4ffd82463b4'),
  {
    ...model('large-v3', 3_095_033_483, 'ad82bf6a9043ceed055076d0fd39f5f186ff8062'),
    name: 'large',
    aliases: ['large-v3'],
  },
  { ...model('large-v3-turbo', 1_624_555_275, '4af2b29d7ec73d781377bfd1758ca957a807e941'), aliases: ['turbo'] },
];

function model(name: string, sizeBytes: number, sha1: string): CatalogueModel {
  return { name, fileName: `ggml-${name}.bin`, sizeBytes, sha1 };
}

/** What is written down beside a model when it is installed. */
export interface ModelRecord {
  sizeBytes: number;
  sha1: string;
  sha256: string;
  /** ISO 8601. */
  installedAt: string;
  /** The address or the file it came from. */
  from: string;
}

const FILE_NAME = /^ggml-([A-Za-z0-9][A-Za-z0-9._-]*)\.bin$/;
/** Space that is left free beside a model, in bytes. */
const DISK_MARGIN_BYTES = 64 * 1024 * 1024;

/** The folder that models are kept in. */
export function modelsFolder(cacheDir: string): string {
  return join(cacheDir, 'models');
}

/** The catalogue's model of this name, or undefined. */
export function catalogueModel(name: string, catalogue = MODEL_CATALOGUE): CatalogueModel | undefined {
  return catalogue.find((entry) => entry.name === name || entry.aliases?.includes(name));
}

/**
 * All models of the catalogue and those that were added from files, smallest first.
 * A file counts as installed when its header and the places of its tensors are whole and its size is the recorded one.
 */
export async function listModels(cacheDir: string, catalogue = MODEL_CATALOGUE): Promise<ModelEntry[]> {
  const folder = modelsFolder(cacheDir);
  const found = (await filesIn(folder)).filter((file) => FILE_NAME.test(file));
  const entries = await Promise.all(
    found.map(async (file) => {
      const known = catalogue.find((entry) => entry.fileName === file);
      const name = known?.name ?? (FILE_NAME.exec(file)?.[1] as string);
      return await entryOf(name, join(folder, file), known !== undefined);
    }),
  );
  for (const known of catalogue) {
    if (found.includes(known.fileName)) continue;
    entries.push({ name: known.name, sizeBytes: known.sizeBytes, installed: false, inCatalogue: true });
  }
  return entries.sort((a, b) => a.sizeBytes - b.sizeBytes);
}

/**
 * The model of this name (`base`, `large-v3`, or one that was added): installed, damaged, or in the catalogue only.
 * Undefined when there is no such name at all.
 */
export async function installedModel(
  name: string,
  cacheDir: string,
  catalogue = MODEL_CATALOGUE,
): Promise<ModelEntry | undefined> {
  const known = catalogueModel(name, catalogue);
  const file = known?.fileName ?? `ggml-${name}.bin`;
  if (!FILE_NAME.test(file)) return undefined;
  const path = join(modelsFolder(cacheDir), file);
  if (await isFile(path)) return await entryOf(known?.name ?? name, path, known !== undefined);
  return known && { name: known.name, sizeBytes: known.sizeBytes, installed: false, inCatalogue: true };
}

/** The catalogue's name that was most likely meant, or undefined. */
export function nearestModelName(name: string, catalogue = MODEL_CATALOGUE): string | undefined {
  const wanted = name.toLowerCase();
  const names = catalogue.map((entry) => entry.name);
  return names.find((each) => editDistance(each, wanted) <= 2) ?? names.find((each) => wanted.startsWith(each));
}

/**
 * Takes a local model file in: copies it aside, checks it, and renames it into place.
 * @param file a ggml whisper model; its name gives the model's name (`ggml-thai.bin` → `thai`)
 * @throws UsageError when there is no such file or its name cannot be a model's; ModelError when it is not a whole
 *   model, or bears a published model's name and is not that one; DiskError when there is too little space.
 */
export async function addModel(
  file: string,
  { cacheDir, catalogue = MODEL_CATALOGUE }: { cacheDir: string; catalogue?: readonly CatalogueModel[] },
): Promise<ModelEntry> {
  if (!(await isFile(file))) throw new UsageError(`There is no file ${file}.`);
  const fileName = basename(file).startsWith('ggml-') ? basename(file) : `ggml-${basename(file)}`;
  const target = fileName.endsWith('.bin') ? fileName : `${fileName}.bin`;
  const name = FILE_NAME.exec(target)?.[1];
  if (!name) {
    throw new UsageError(
      `${basename(file)} cannot be the name of a model.`,
      'Rename the file to ggml-NAME.bin, where NAME has letters, digits, dots, - and _ only.',
    );
  }
  const { sizeBytes } = await inspectGgmlModel(file);
  const path = join(modelsFolder(cacheDir), target);
  const aside = `${path}.adding-${process.pid}-${Date.now().toString(36)}`;
  try {
    await makeModelsFolder(cacheDir);
    await removeAbandoned(cacheDir, target);
    await requireSpace(cacheDir, sizeBytes);
    await copyFile(file, aside, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    const sums = await checksumsOf(aside);
    const known = catalogue.find((entry) => entry.fileName === target);
    if (known && known.sha1 !== sums.sha1) {
      throw new ModelError(`${basename(file)} is not the published model '${known.name}': its checksum differs.`, {
        remedy: 'If it is damaged, fetch it again. If it is a model of your own, give the file another name.',
        evidence: `expected SHA-1 ${known.sha1}, found ${sums.sha1}`,
      });
    }
    await settleModel(aside, path, { ...sums, from: file });
  } catch (error) {
    throw diskErrorOr(error, cacheDir);
  } finally {
    // It is not there when it was renamed into place, or when the cache folder is none.
    await rm(aside, { force: true }).catch(() => {});
  }
  const known = catalogue.find((entry) => entry.fileName === target);
  return await entryOf(known?.name ?? name, path, known !== undefined);
}

/**
 * Removes an installed model, its record, and what an interrupted pull of it left.
 * @returns how many bytes were freed
 * @throws UsageError when nothing of that name is there
 */
export async function removeModel(
  name: string,
  { cacheDir, catalogue = MODEL_CATALOGUE }: { cacheDir: string; catalogue?: readonly CatalogueModel[] },
): Promise<{ freedBytes: number }> {
  const fileName = catalogueModel(name, catalogue)?.fileName ?? `ggml-${name}.bin`;
  const folder = modelsFolder(cacheDir);
  const own = (await filesIn(folder)).filter((file) => file === fileName || file.startsWith(`${fileName}.`));
  if (!FILE_NAME.test(fileName) || own.length === 0) {
    throw new UsageError(`Model '${name}' is not installed.`, 'The installed ones are in: longhand models list');
  }
  let freedBytes = 0;
  for (const file of own) {
    freedBytes += (await stat(join(folder, file))).size;
    await rm(join(folder, file), { force: true });
  }
  return { freedBytes };
}

/**
 * Reads a whole installed model and compares it with the checksum that was recorded when it was installed.
 * @returns false when there is no record to compare with
 * @throws ModelError when it is not installed, or not what was installed
 */
export async function verifyModel(name: string, { cacheDir }: { cacheDir: string }): Promise<boolean> {
  const entry = await installedModel(name, cacheDir);
  if (!entry?.path)
    throw new ModelError(`Model '${name}' is not installed.`, { remedy: `Run: longhand models pull ${name}` });
  const record = await recordOf(entry.path);
  if (!record) return false;
  const { sha256 } = await checksumsOf(entry.path);
  if (sha256 === record.sha256) return true;
  throw new ModelError(`Model '${entry.name}' is damaged: it is not what was installed.`, {
    remedy: `Run: longhand models pull ${entry.name}`,
    evidence: `expected SHA-256 ${record.sha256}, found ${sha256}`,
  });
}

/** Whether an installed model is what was installed, or there is no record that says otherwise. */
export async function isAsInstalled(name: string, options: { cacheDir: string }): Promise<boolean> {
  try {
    await verifyModel(name, options);
    return true;
  } catch (error) {
    if (error instanceof ModelError) return false;
    throw error;
  }
}

/** Makes the folder of models, readable by this user only. */
export async function makeModelsFolder(cacheDir: string): Promise<void> {
  await mkdir(modelsFolder(cacheDir), { recursive: true, mode: 0o700 });
}

/** @throws DiskError when the cache folder has too little space for that many bytes more. */
export async function requireSpace(cacheDir: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(modelsFolder(cacheDir));
  if (bavail * bsize >= bytes + DISK_MARGIN_BYTES) return;
  throw new DiskError(
    `There are ${inMegabytes(bavail * bsize)} free in ${modelsFolder(cacheDir)}; ${inMegabytes(bytes + DISK_MARGIN_BYTES)} are needed.`,
    'Free some space, or choose another folder with LONGHAND_CACHE.',
  );
}

export function inMegabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6).toLocaleString('en')} MB`;
}

export interface Checksums {
  sizeBytes: number;
  sha1: string;
  sha256: string;
}

/** Both checksums of a file in one reading. */
export async function checksumsOf(path: string, signal?: AbortSignal): Promise<Checksums> {
  const sha1 = createHash('sha1');
  const sha256 = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, ...(signal ? { signal } : {}) })) {
    sha1.update(chunk as Buffer);
    sha256.update(chunk as Buffer);
    sizeBytes += (chunk as Buffer).length;
  }
  return { sizeBytes, sha1: sha1.digest('hex'), sha256: sha256.digest('hex') };
}

/**
 * Moves a checked file into place: synced, its record first, then the file by one rename, then the folder.
 * Whoever finds the file finds a whole one.
 */
export async function settleModel(aside: string, path: string, found: Checksums & { from: string }): Promise<void> {
  await chmod(aside, 0o600);
  const file = await open(aside, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  const { sizeBytes, sha1, sha256, from } = found;
  const record: ModelRecord = { sizeBytes, sha1, sha256, installedAt: new Date().toISOString(), from };
  await writeFile(`${aside}.record`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600, flush: true });
  await rename(`${aside}.record`, `${path}.json`);
  await rename(aside, path);
  const folder = await open(join(path, '..'), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Names a full disk or a read-only folder as what it is; everything else stays as it was. */
export function diskErrorOr(error: unknown, cacheDir: string): unknown {
  if (error instanceof LonghandError) return error;
  const code = (error as NodeJS.ErrnoException)?.code;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new DiskError(`The disk of ${modelsFolder(cacheDir)} is full.`, 'Free some space, or set LONGHAND_CACHE.');
  }
  if (code && ['EROFS', 'EACCES', 'EPERM', 'ENOTDIR', 'EEXIST'].includes(code)) {
    return new DiskError(`${modelsFolder(cacheDir)} cannot be written.`, 'Choose another folder with LONGHAND_CACHE.');
  }
  return error;
}

/** Removes the copies of `addModel` whose process was killed. */
async function removeAbandoned(cacheDir: string, target: string): Promise<void> {
  for (const file of await filesIn(modelsFolder(cacheDir))) {
    if (!file.startsWith(`${target}.adding-`)) continue;
    const pid = Number(/^\d+/.exec(file.slice(target.length + '.adding-'.length))?.[0]);
    if (!isAlive(pid)) await rm(join(modelsFolder(cacheDir), file), { force: true });
  }
}

async function entryOf(name: string, path: string, inCatalogue: boolean): Promise<ModelEntry> {
  const { size: sizeBytes } = await stat(path);
  const problem = await problemOf(path, sizeBytes);
  return { name, sizeBytes, path, inCatalogue, installed: problem === undefined, ...(problem ? { problem } : {}) };
}

async function problemOf(path: string, sizeBytes: number): Promise<string | undefined> {
  const record = await recordOf(path);
  if (record && record.sizeBytes !== sizeBytes) {
    return `it has ${sizeBytes} bytes where ${record.sizeBytes} were installed`;
  }
  try {
    await inspectGgmlModel(path);
    return undefined;
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    return error.message.replace(/\.$/, '');
  }
}

async function recordOf(path: string): Promise<ModelRecord | undefined> {
  let text: string;
  try {
    text = await readFile(`${path}.json`, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const record = JSON.parse(text) as ModelRecord;
    return typeof record.sizeBytes === 'number' && typeof record.sha256 === 'string' ? record : undefined;
  } catch {
    return undefined; // A record that cannot be read is as good as none; the model's structure is checked anyway.
  }
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    if (code === 'EACCES') throw new InputError(`${path} cannot be read: permission denied.`);
    throw error;
  }
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
