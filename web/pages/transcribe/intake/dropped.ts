/** The files in what was dropped or pasted, those in folders too. */

export interface Gathered {
  files: File[];
  /** Files of folders that are no recordings, such as pictures beside them: nobody has chosen them one by one. */
  leftOut: number;
}

import { refusalOf } from './recordings.ts';

/** Must be called in the event itself: afterwards a browser tells nothing any more. */
export function gather(transfer: DataTransfer): Promise<Gathered> {
  const entries = [...transfer.items].filter(({ kind }) => kind === 'file').map((item) => item.webkitGetAsEntry?.());
  const folders = entries.filter((entry) => entry?.isDirectory) as FileSystemDirectoryEntry[];
  // A folder is among the files too, as something that cannot be read.
  const names = new Set(folders.map(({ name }) => name));
  const files = [...transfer.files].filter((file) => !names.has(file.name) || file.type !== '');
  return withFolders(files, folders);
}

/** What a folder that was chosen has in it. */
export function ofFolder(files: readonly File[]): Gathered {
  const recordings = files.filter((file) => !file.name.startsWith('.') && refusalOf(file) === undefined);
  return { files: recordings, leftOut: files.filter((file) => !file.name.startsWith('.')).length - recordings.length };
}

async function withFolders(files: File[], folders: readonly FileSystemDirectoryEntry[]): Promise<Gathered> {
  const found = ofFolder((await Promise.all(folders.map(filesIn))).flat());
  return { files: [...files, ...found.files], leftOut: found.leftOut };
}

async function filesIn(folder: FileSystemDirectoryEntry): Promise<File[]> {
  const reader = folder.createReader();
  const files: File[] = [];
  for (;;) {
    // It tells some at a time, and none at the end.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0) return files;
    for (const entry of entries) {
      if (entry.isDirectory) files.push(...(await filesIn(entry as FileSystemDirectoryEntry)));
      else
        files.push(await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)));
    }
  }
}
