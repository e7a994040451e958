import type { ErrorKind, ErrorReport } from './errors.ts';

/** What is said of a run that crashed, while its job does go on: three in a row are the end of that. */
export const GOES_ON = 'The job goes on from its last checkpoint.';

const TRY_ANOTHER = 'hand the recording in with another model: longhand transcribe FILE --model NAME';
const SEE_EVIDENCE = 'Look at what is left of it: longhand show ID --evidence DIR.';

/** What a person can do about a job that has failed, where the error itself says nothing better. */
const BY_KIND: Readonly<Record<ErrorKind, string>> = {
  input: 'Play the recording, and save it anew with what plays it; then hand that in: longhand transcribe FILE',
  memory: `Close other programs, then go on: longhand retry ID. Or ${TRY_ANOTHER}`,
  network: 'Make sure that the server can be reached, then go on: longhand retry ID',
  model: 'See what is wrong with it: longhand doctor. Put that right, then go on: longhand retry ID',
  timeout:
    'Make sure that the disk with the recording answers and the computer is not too busy, then: longhand retry ID',
  disk: 'Free some space and make sure that the data folder can be written, then go on: longhand retry ID',
  engine: `${SEE_EVIDENCE} Then try it once more: longhand retry ID, or ${TRY_ANOTHER}`,
  crash: `${SEE_EVIDENCE} Then try it once more: longhand retry ID, or ${TRY_ANOTHER}`,
  usage: 'See what can be asked for: longhand transcribe --help. Then hand the recording in again.',
  unknown: `${SEE_EVIDENCE} Then try it once more: longhand retry ID`,
};

/**
 * What is kept with a job that has failed: the error's own remedy, or that of its kind. One that promises that the job goes
 * on by itself is none. `ID` in it becomes the number of the job.
 */
export function remedyOfFailedJob({ kind, remedy }: Pick<ErrorReport, 'kind' | 'remedy'>, jobId: number): string {
  return naming(remedy && remedy !== GOES_ON ? remedy : BY_KIND[kind], jobId);
}

/** A remedy, or whatever is said with it, with the number of the job where `ID` stands. */
export function naming(text: string, jobId: number): string {
  return text.replace(/\blonghand (\w+) ID\b/g, `longhand $1 ${jobId}`);
}
