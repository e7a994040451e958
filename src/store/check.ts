import Sqlite from 'better-sqlite3';

/** Looks a database over without changing it. @returns what is wrong with it, or undefined */
export function checkDatabase(file: string): string | undefined {
  try {
    const database = new Sqlite(file, { readonly: true, fileMustExist: true });
    try {
      const result = database.pragma('quick_check(1)', { simple: true });
      return result === 'ok' ? undefined : String(result);
    } finally {
      database.close();
    }
  } catch (error) {
    return (error as Error).message;
  }
}
