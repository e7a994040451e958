/** One word as it is displayed, punctuation included, with its place in the recording. */
export interface Word {
  /** Without surrounding white space. */
  text: string;
  /** Milliseconds from the start: of the chunk in an engine's result, of the recording in a transcript. */
  startMs: number;
  endMs: number;
  /** 0 to 1, as the engine sees it. */
  confidence: number;
  /** True when no space stands before the word, as between Thai or Chinese words. */
  joinsPrevious?: boolean;
  /** A person wrote it: its confidence is 1, and its time may be estimated from its neighbours. */
  edited?: true;
}

/** A stretch of speech that is shown together: one subtitle, one line of the transcript. */
export interface Segment {
  startMs: number;
  endMs: number;
  /** The words joined; kept so that readers need no joining rule of their own. */
  text: string;
  /** Empty where nothing is known of single words, as in imported transcripts. */
  words: Word[];
  /** Who speaks: a key of the transcript's `speakers`, or a name of its own. */
  speaker?: string;
}

/** The text of a recording, with where each word is. */
export interface Transcript {
  /** The version of this structure. */
  version: 1;
  /** The recording's length. */
  durationMs: number;
  /** BCP 47, for example `en`, as given or as recognised. */
  language: string;
  engine: string;
  model: string;
  segments: Segment[];
  /** Sentences the reader must know: seconds lost to damage, a smaller model used. */
  warnings: string[];
  /** Names of speakers by the keys that segments have. */
  speakers?: Record<string, string>;
}

/** The name of whoever speaks in a segment; undefined when that is not known. */
export function speakerOf({ speakers }: Transcript, { speaker }: Segment): string | undefined {
  if (speaker === undefined) return undefined;
  return (Object.hasOwn(speakers ?? {}, speaker) ? speakers?.[speaker] : undefined) ?? speaker;
}
