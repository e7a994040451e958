import { Worker } from 'node:worker_threads';

/** What can be done to database files in a thread of its own. */
export type FileTask =
  /** Copies a database as it stands at one moment, page by page, while others write, and reads the copy from end to end. */
  | { do: 'copy'; from: string; to: string }
  /** Reads a database from end to end without changing it. */
  | { do: 'check'; file: string }
  /** Looks a database over, as `quickProblem` does. */
  | { do: 'look'; file: string };

export interface FileReport {
  /** What is wrong with the copy, or the file; null when nothing is. */
  problem: string | null;
}

/**
 * A gigabyte takes seconds to copy and longer to check, and SQLite does either in one call: in the owner's own thread no
 * heartbeat would be written meanwhile. The program is text because it has to run from the bundle as from the sources.
 *
 * A copy is made in one step. In several, SQLite would begin again whenever somebody else has written in between, and
 * never end (https://www.sqlite.org/backup.html).
 */
const PROGRAM = `
  const { parentPort, workerData } = require('node:worker_threads');
  const Database = require('node:module').createRequire(workerData.from)('better-sqlite3');

  function problemIn(database) {
    const found = database.pragma('integrity_check(5)').map((row) => row.integrity_check);
    return found.length === 1 && found[0] === 'ok' ? null : found.join('; ');
  }

  async function copy({ from, to }) {
    const source = new Database(from, { readonly: true, fileMustExist: true });
    try {
      await source.backup(to, { progress: () => 0x7fffffff });
    } finally {
      source.close();
    }
    const made = new Database(to, { fileMustExist: true });
    try {
      // The source's write-ahead mode came along; without it the copy is one file.
      made.pragma('journal_mode = DELETE');
      return problemIn(made);
    } finally {
      made.close();
    }
  }

  function look({ file }) {
    const database = new Database(file, { readonly: true, fileMustExist: true });
    try {
      const said = database.pragma('quick_check(1)', { simple: true });
      return said === 'ok' ? null : String(said);
    } finally {
      database.close();
    }
  }

  function check({ file }) {
    const database = new Database(file, { readonly: true, fileMustExist: true });
    try {
      return problemIn(database) ?? strays(database);
    } finally {
      database.close();
    }
  }

  function strays(database) {
    const [first] = database.pragma('foreign_key_check');
    return first === undefined ? null : 'a row of ' + first.table + ' belongs to a row of ' + first.parent + ' that is gone';
  }

  const { task } = workerData;
  Promise.resolve(task)
    .then({ copy, check, look }[task.do])
    .then((problem) => parentPort.postMessage({ problem }))
    .catch(({ message, code }) => parentPort.postMessage({ error: { message, code } }));
`;

/**
 * Does something to a database file beside everything else.
 * @throws the error of SQLite or of the disk, with its `code`; the signal's reason when it aborts first
 */
export async function inThread(task: FileTask, signal?: AbortSignal): Promise<FileReport> {
  signal?.throwIfAborted();
  const worker = new Worker(PROGRAM, { eval: true, workerData: { task, from: import.meta.url } });
  const abort = () => void worker.terminate();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await answerOf(worker);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
    await worker.terminate();
  }
}

type Answer = FileReport | { error: { message: string; code?: string } };

function answerOf(worker: Worker): Promise<FileReport> {
  return new Promise((resolve, reject) => {
    worker.once('message', (answer: Answer) => {
      if ('error' in answer) reject(Object.assign(new Error(answer.error.message), { code: answer.error.code }));
      else resolve(answer);
    });
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('The thread that looks after database files ended without an answer.')));
  });
}
