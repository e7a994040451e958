/** The library. */
import type { TranscriptionOptions } from './library/options.ts';
import { type StartOwnerTelling, type TranscriptionResult, transcribe } from './library/run-transcription.ts';

export type { Clock } from './domain/clock.ts';
export { type ErrorKind, type ErrorReport, LonghandError, UsageError } from './domain/errors.ts';
export type { EngineName } from './engines/engine.ts';
export type { TranscriptionOptions } from './library/options.ts';
export type { TranscriptionResult } from './library/run-transcription.ts';
export type { JobLog, LogLimits } from './logs/job-log.ts';
export type { ProgressReport } from './pipeline/progress.ts';
export type { Alert, Health, ProcessMetrics } from './supervisor/health.ts';
export { type ProcessIdentity, processEnvironment } from './supervisor/identity.ts';
export {
  type LogStream,
  type OrphanCleanup,
  ProcessManager,
  type ProcessManagerOptions,
  type ProcessStatus,
  type RegisterOptions,
  type Registration,
} from './supervisor/process-manager.ts';
export { FileRegistry, type ProcessRegistry, type RegisteredProcess } from './supervisor/process-registry.ts';
export type { Usage } from './supervisor/usage.ts';
export { FORMAT_NAMES, type FormatName, formatTranscript, type TextFormatName } from './transcript/formats/index.ts';
export type { Segment, Transcript, Word } from './transcript/transcript.ts';
export { VERSION } from './version.ts';

/**
 * Turns a recording into text, in child processes that may crash without taking this one down. It prints nothing, listens to
 * no signals, and leaves nothing running; calls may be made side by side.
 *
 * With `jobId` the job is kept in the data folder under that number: when this process dies, the same call goes on from the
 * checkpoint, and when the job is complete it only writes the text again. Without it nothing is kept but the output.
 *
 * ```js
 * import { runTranscription } from 'longhand';
 *
 * const result = await runTranscription('interview.flac', 'interview.txt', {
 *   jobId: 1,
 *   onProgress: ({ percent, stage }) => console.log(`${Math.floor(percent)} % ${stage}`),
 * });
 * if (!result.success) console.error(result.error.message, result.error.remedy);
 * ```
 *
 * @param input path of the recording: any audio or video that ffmpeg reads
 * @param output path of the text: `.txt`, `.srt`, `.vtt`, `.json` or `.docx`. Written whole or not at all, and replaced if it is there;
 * its folder must exist
 * @returns a job that fails does not throw: `success` is false, and `error` says why and what to do
 * @throws UsageError when an argument is wrong, or no installed engine can do it; `jobId` belongs to another recording
 * @throws LonghandError when the data folder cannot be used
 * @throws the reason of `options.signal`, once the job has stopped at its checkpoint
 */
export function runTranscription(
  input: string,
  output: string,
  options: TranscriptionOptions = {},
): Promise<TranscriptionResult> {
  return transcribe(startOwner, input, output, options);
}

/** Loaded with the first call: the database comes with it. */
const startOwner: StartOwnerTelling = async (config, options) => (await import('./app.ts')).startOwner(config, options);
