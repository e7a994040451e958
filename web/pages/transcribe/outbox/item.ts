import type { JobStatus } from '../../../api-types.ts';

/** Where a recording is on its way to the service. */
export type Phase =
  /** Others go first. */
  | { at: 'turn' }
  | { at: 'sending'; sentBytes: number; bytesPerSecond?: number; secondsLeft?: number }
  /** All of it has arrived; the service looks at it. */
  | { at: 'arrived' }
  /** It goes on by itself; `why` is the service's sentence, where it said one. */
  | { at: 'away'; sentBytes: number; why?: string }
  /** The page was loaded anew and does not have the file any more. */
  | { at: 'file' }
  | { at: 'refused'; error: unknown }
  /** The service has the same recording. */
  | { at: 'known'; jobId: number; status: JobStatus };

/** What is kept of it on the disk. */
export interface Kept {
  id: string;
  /** Whose it is: another user of the same browser does not send it. */
  owner: string;
  name: string;
  bytes: number;
  modifiedMs: number;
  /** The options of the job, as the upload's metadata. */
  wish: Record<string, string>;
  /** Where its parts go, once that is known. */
  url?: string;
  /** It was made here with the microphone; then its sound is kept there. */
  recording?: string;
  addedAt: number;
}

/** A recording on its way. */
export interface Item extends Kept {
  phase: Phase;
  /** Whether it goes on by itself when the page is loaded anew; undefined while it is being kept. */
  safe: boolean | undefined;
}

/** What the same file has in common when it is chosen again. */
export function isSameFile(item: Pick<Kept, 'name' | 'bytes' | 'modifiedMs'>, file: File): boolean {
  return item.name === file.name && item.bytes === file.size && item.modifiedMs === file.lastModified;
}
