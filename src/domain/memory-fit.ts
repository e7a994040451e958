/** How a model that somebody chose fits into the memory that a job can have. Where Longhand chooses, it keeps to that. */
import { inWords } from './admission.ts';
import { LonghandError } from './errors.ts';

/** What a job can have: measured now, and by MAX_MEMORY_PER_TRANSCRIPTION. */
export interface MemoryRoom {
  freeBytes: number;
  limitBytes: number;
}

export interface MemoryFit {
  /** Engine workers that fit, of those wished for: at least one, though there may be too little even for that. */
  processes: number;
  /** What the job needs with one. */
  leastBytes: number;
}

/** @param needBytes what a job needs with so many engine workers */
export async function memoryFit(
  needBytes: (processes: number) => Promise<number>,
  wished: number,
  { freeBytes, limitBytes }: MemoryRoom,
): Promise<MemoryFit> {
  let processes = wished;
  while (processes > 1 && (await needBytes(processes)) > Math.min(limitBytes, freeBytes)) processes -= 1;
  return { processes, leastBytes: await needBytes(1) };
}

/** Said before an engine worker is started that would be ended for it. */
export class ModelTooLargeError extends LonghandError {
  constructor(model: string, needBytes: number, limitBytes: number) {
    const { need, room } = inWords(needBytes, limitBytes);
    super({
      kind: 'memory',
      message: `Model ${model} needs ${need} of memory with one engine worker, and a job may use ${room}.`,
      remedy: 'Use a smaller model, or set MAX_MEMORY_PER_TRANSCRIPTION higher.',
    });
  }
}
