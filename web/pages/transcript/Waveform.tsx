import { useEffect, useRef } from 'react';
import WaveSurfer from 'wavesurfer.js';
import type { Waveform as Picture } from '../../api-types.ts';
import styles from './Player.module.css';

interface WaveformProps {
  picture: Picture;
  audio: HTMLAudioElement;
}

/** The picture of the sound. What is done with it is the business of the slider that lies over it. */
export function Waveform({ picture, audio }: WaveformProps) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const container = place.current;
    if (!container) return;
    const nonce = document.querySelector('meta[name=csp-nonce]')?.getAttribute('content') ?? '';
    const drawing = WaveSurfer.create({
      container,
      media: audio,
      peaks: [picture.peaks],
      duration: picture.durationSeconds,
      height: 'auto',
      barWidth: 2,
      barGap: 1,
      barRadius: 2,
      cursorWidth: 2,
      normalize: true,
      interact: false,
      hideScrollbar: true,
      cspNonce: nonce,
      ...coloursOf(container),
    });
    // The colours are drawn and not styled, so they are looked up when others are chosen.
    const recolour = () => drawing.setOptions(coloursOf(container));
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', recolour);
    const chosen = new MutationObserver(recolour);
    chosen.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      dark.removeEventListener('change', recolour);
      chosen.disconnect();
      drawing.destroy();
    };
  }, [picture, audio]);
  return <div ref={place} className={styles.picture} aria-hidden="true" />;
}

function coloursOf(element: HTMLElement) {
  const { color, caretColor } = getComputedStyle(element);
  return { waveColor: color, progressColor: caretColor, cursorColor: caretColor };
}
