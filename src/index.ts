/** The library. */
export { type ErrorKind, type ErrorReport, LonghandError } from './domain/errors.ts';
export { FORMAT_NAMES, type FormatName, formatTranscript } from './transcript/formats/index.ts';
export type { Segment, Transcript, Word } from './transcript/transcript.ts';
export { VERSION } from './version.ts';
