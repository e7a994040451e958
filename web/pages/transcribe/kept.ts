/**
 * What the browser keeps for us on its disk (IndexedDB): recordings that are on their way, and those that are being made.
 * A tab that crashes, is loaded anew or is closed loses none of it.
 */
const DATABASE = 'longhand';
const VERSION = 1;

/** `uploads`: what is on its way. `files`: the recordings of those. `recordings`, `pieces`: what the microphone heard. */
type Shelf = 'uploads' | 'files' | 'recordings' | 'pieces';

let opened: Promise<IDBDatabase> | undefined;

function database(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, VERSION);
    request.onupgradeneeded = () => {
      const { result } = request;
      result.createObjectStore('uploads', { keyPath: 'id' });
      result.createObjectStore('files');
      result.createObjectStore('recordings', { keyPath: 'id' });
      result.createObjectStore('pieces', { autoIncrement: true }).createIndex('recording', 'recording');
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

/** @returns once it is on the disk. @throws when there is no room for it, or the browser keeps nothing */
export async function keep(shelf: Shelf, value: unknown, key?: string): Promise<void> {
  await within(shelf, 'readwrite', (store) => store.put(value, key));
}

export async function forget(shelf: Shelf, key: string): Promise<void> {
  await within(shelf, 'readwrite', (store) => store.delete(key));
}

export async function read<T>(shelf: Shelf, key: string): Promise<T | undefined> {
  return await within<T | undefined>(shelf, 'readonly', (store) => store.get(key));
}

export async function all<T>(shelf: Shelf): Promise<T[]> {
  return await within<T[]>(shelf, 'readonly', (store) => store.getAll());
}

/** The pieces of a recording in the order in which they came. */
export async function piecesOf<T>(recording: string): Promise<T[]> {
  return await within<T[]>('pieces', 'readonly', (store) => store.index('recording').getAll(recording));
}

export async function forgetPieces(recording: string): Promise<void> {
  const db = await database();
  const transaction = db.transaction('pieces', 'readwrite');
  const cursor = transaction.objectStore('pieces').index('recording').openCursor(recording);
  cursor.onsuccess = () => {
    cursor.result?.delete();
    cursor.result?.continue();
  };
  await finished(transaction);
}

async function within<T>(
  shelf: Shelf,
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => IDBRequest,
): Promise<T> {
  const db = await database();
  const transaction = db.transaction(shelf, mode);
  const request = work(transaction.objectStore(shelf));
  await finished(transaction);
  return request.result as T;
}

function finished(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
    transaction.onerror = () => reject(transaction.error);
  });
}
