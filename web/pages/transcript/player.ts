/** The sound of a recording, as the parts of this page use it. */
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { send } from '../../client.ts';

export const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3] as const;
/** What the arrow keys and the buttons beside play skip. */
export const SKIP_SECONDS = 3;
const KEPT = 'longhand.player';

interface Taste {
  speed: number;
  volume: number;
}

export interface Player {
  audio: HTMLAudioElement | null;
  attach(audio: HTMLAudioElement | null): void;
  toggle(): void;
  skip(seconds: number): void;
  seek(seconds: number): void;
  taste: Taste;
  change(taste: Partial<Taste>): void;
  /** Why there is nothing to hear. */
  error: Error | null;
}

/** @param id of the job */
export function usePlayer(id: number): Player {
  const [audio, setAudio] = useState<HTMLAudioElement | null>(null);
  const [taste, setTaste] = useState(keptTaste);
  const [error, setError] = useState<Error | null>(null);
  const current = useRef(audio);
  const attach = useCallback((next: HTMLAudioElement | null) => {
    // An element that is taken out goes on playing.
    if (!next) current.current?.pause();
    current.current = next;
    setAudio(next);
  }, []);

  useEffect(() => {
    if (!audio) return;
    audio.playbackRate = taste.speed;
    audio.volume = taste.volume;
    localStorage.setItem(KEPT, JSON.stringify(taste));
  }, [audio, taste]);

  useEffect(() => {
    if (!audio) return;
    const ask = () => void whyNot(id).then(setError);
    audio.addEventListener('error', ask);
    return () => audio.removeEventListener('error', ask);
  }, [audio, id]);

  return useMemo(() => {
    const seek = (seconds: number) => {
      if (audio) audio.currentTime = Math.max(0, Math.min(seconds, audio.duration || seconds));
    };
    return {
      ...{ audio, attach, seek, taste, error },
      change: (next: Partial<Taste>) => setTaste((before) => ({ ...before, ...next })),
      skip: (seconds: number) => audio && seek(audio.currentTime + seconds),
      toggle: () => {
        if (!audio) return;
        if (!audio.paused) audio.pause();
        else {
          audio.play().catch((problem: Error) => {
            // It was paused before it had begun.
            if (problem.name !== 'AbortError') setError((told) => told ?? problem);
          });
        }
      },
    };
  }, [audio, attach, taste, error]);
}

/** Something of an element that its events change. */
export function useAudio<T>(
  audio: HTMLAudioElement | null,
  events: string,
  read: (audio: HTMLAudioElement) => T,
): T | undefined {
  const subscribe = useCallback(
    (tell: () => void) => {
      const names = events.split(' ');
      for (const name of names) audio?.addEventListener(name, tell);
      return () => {
        for (const name of names) audio?.removeEventListener(name, tell);
      };
    },
    [audio, events],
  );
  return useSyncExternalStore(subscribe, () => (audio ? read(audio) : undefined));
}

/** Calls for every frame while it plays, and once for every jump. */
export function useFrames(audio: HTMLAudioElement | null, draw: (seconds: number) => void): void {
  useEffect(() => {
    if (!audio) return;
    let frame = 0;
    const once = () => draw(audio.currentTime);
    const loop = () => {
      once();
      frame = audio.paused ? 0 : requestAnimationFrame(loop);
    };
    const begin = () => {
      if (frame === 0) loop();
    };
    audio.addEventListener('play', begin);
    audio.addEventListener('seeked', once);
    audio.addEventListener('seeking', once);
    if (!audio.paused) begin();
    return () => {
      cancelAnimationFrame(frame);
      audio.removeEventListener('play', begin);
      audio.removeEventListener('seeked', once);
      audio.removeEventListener('seeking', once);
    };
  }, [audio, draw]);
}

/** The recording is there; the browser knows nothing of its kind. */
export class UnplayableError extends Error {}

/** The element does not say what the service answered. */
async function whyNot(id: number): Promise<Error> {
  try {
    const response = await send('GET', `/api/jobs/${id}/audio`);
    await response.body?.cancel();
    return new UnplayableError();
  } catch (error) {
    return error as Error;
  }
}

function keptTaste(): Taste {
  const usual = { speed: 1, volume: 1 };
  const kept = localStorage.getItem(KEPT);
  return kept === null ? usual : { ...usual, ...(JSON.parse(kept) as Partial<Taste>) };
}
