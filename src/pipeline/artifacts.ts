/** What the files that a job makes are called in the store, and on the disk where that never changes. */

export const AUDIO_ARTIFACT = 'audio';
export const AUDIO_FILE = 'audio.s16le';
export const TRANSCRIPT_ARTIFACT = 'transcript';
