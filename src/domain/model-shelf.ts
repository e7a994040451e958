/** The models of this machine, as those need them who list, pull and remove them (`engines/model-shelf.ts`). */

/** A model that could be used, or is in the catalogue. */
export interface ModelEntry {
  name: string;
  /** Of the file when there is one, else of what would be pulled. */
  sizeBytes: number;
  installed: boolean;
  /** Where the file is, when there is one. */
  path?: string;
  /** Why a file that is there does not count as installed, as the end of a sentence. */
  problem?: string;
  /** False for a model that was added from a file and is not in the catalogue. */
  inCatalogue: boolean;
}

export interface ListedModel extends ModelEntry {
  /** What an engine worker needs with it. */
  memoryBytes: number;
  /** What a job needs with it at least: the runner and one engine worker. */
  jobBytes: number;
}

/** A download, or how the last one of a model ended. */
export interface ModelPull {
  name: string;
  status: 'pulling' | 'complete' | 'failed' | 'cancelled';
  receivedBytes: number;
  totalBytes: number;
  /** ISO 8601. */
  startedAt: string;
  endedAt: string | null;
  /** Why it waits for another attempt, while it does. */
  retry: string | null;
  /** Why it failed. */
  error: unknown;
}

/** Lists, pulls and removes models. */
export interface ModelShelf {
  list(): Promise<ListedModel[]>;
  /**
   * Begins a download in the background; one that is under way is left alone.
   * @throws UsageError when there is no such model
   */
  pull(name: string): ModelPull;
  /** The newest first. */
  pulls(): ModelPull[];
  /**
   * Ends a download; what has arrived is kept for the next one.
   * @throws UsageError when there is none
   */
  cancel(name: string): Promise<ModelPull>;
  /**
   * Deletes a model's file.
   * @param inUse models with which jobs are being worked on
   * @throws UsageError when it is not installed, when it is in use, and while it is being pulled
   */
  remove(name: string, inUse: () => Promise<readonly string[]>): Promise<{ name: string; freedBytes: number }>;
  /**
   * Tells of each download as it goes on, begins or ends.
   * @returns a function that ends that
   */
  onPull(listener: (pull: ModelPull) => void): () => void;
}
