/** Sound from the microphone, kept piece by piece while it is made. */
import { all, forget, keep } from '../kept.ts';

export interface KeptRecording {
  id: string;
  owner: string;
  startedAt: number;
  seconds: number;
}

interface Piece {
  recording: string;
  sound: Blob;
}

/** @throws when the browser keeps nothing, or has no room */
export async function keepPiece(recording: KeptRecording, sound: Blob): Promise<void> {
  await keep('recordings', recording);
  await keep('pieces', { recording: recording.id, sound } satisfies Piece);
}

/** Those that were made and neither sent nor thrown away, the oldest first; not one that another tab is making now. */
export async function drafts(owner: string, sent: ReadonlySet<string>): Promise<KeptRecording[]> {
  const kept = await all<KeptRecording>('recordings');
  const held = new Set((await navigator.locks?.query())?.held?.map(({ name }) => name));
  const free = kept.filter((each) => each.owner === owner && !sent.has(each.id) && !held.has(lockOf(each.id)));
  return free.sort((a, b) => a.startedAt - b.startedAt);
}

/** Held by the tab that makes the recording. */
export function lockOf(id: string): string {
  return `longhand.recording.${id}`;
}

export async function forgetEmpty(id: string): Promise<void> {
  await forget('recordings', id);
}

/** A recording as a file, with a name that says when it was made. */
export function asFile(sound: Blob, name: string, startedAt: number): File {
  const ending = sound.type.includes('mp4') ? 'm4a' : sound.type.includes('ogg') ? 'ogg' : 'webm';
  return new File([sound], `${name}.${ending}`, { type: sound.type, lastModified: startedAt });
}
