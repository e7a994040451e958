import { useEffect, useRef, useState } from 'react';
import { useWords } from '../../../words/catalogue.ts';
import { partWords } from '../part-words.ts';
import type { Microphone } from './microphone.ts';
import styles from './Recorder.module.css';

/** Below this, on the meter's scale, a microphone hears nothing but itself. */
const QUIET = 0.15;
const QUIET_MS = 4_000;
/** It goes up at once and comes down slowly, so that the eye can follow. */
const FALL = 0.06;

/** How loud the microphone is; and whether it hears nothing. */
export function LevelMeter({ microphone }: { microphone: Microphone }) {
  const words = useWords(partWords).recorder;
  const bar = useRef<HTMLDivElement>(null);
  const [isQuiet, setQuiet] = useState(false);
  useEffect(() => {
    let shown = 0;
    let heardAt = performance.now();
    let frame = requestAnimationFrame(function draw(now) {
      const loudness = microphone.isPaused ? 0 : microphone.loudness();
      shown = Math.max(loudness, shown - FALL);
      if (loudness > QUIET || microphone.isPaused) heardAt = now;
      if (bar.current) bar.current.style.transform = `scaleX(${shown})`;
      setQuiet(now - heardAt > QUIET_MS);
      frame = requestAnimationFrame(draw);
    });
    return () => cancelAnimationFrame(frame);
  }, [microphone]);
  return (
    <>
      <div className={styles.meter} role="img" aria-label={words.level}>
        <div ref={bar} className={styles.level} />
      </div>
      <p className={styles.quiet} role="status">
        {isQuiet && words.quiet}
      </p>
    </>
  );
}
