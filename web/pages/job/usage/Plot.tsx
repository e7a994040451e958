import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef } from 'react';
import UPlot, { type AlignedData } from 'uplot';
import { clockTime } from '../../../format.ts';
import { useLanguage } from '../../../words/catalogue.ts';
import styles from './Plot.module.css';

const HEIGHT_PX = 108;
const AXIS_FONT = '11px "Inter Variable", "Noto Sans Thai Variable", sans-serif';

export interface PlotProps {
  /** Seconds that were worked. */
  seconds: readonly number[];
  /** At those; null where nothing is known, such as between two runs. */
  values: readonly (number | null)[];
  /** The axis reaches at least so far up. */
  least: number;
  /** A value in words. */
  inWords(value: number): string;
  /** What it shows, for who does not see it. */
  label: string;
}

/** A curve over the time that was worked. */
export default function Plot({ seconds, values, least, inWords, label }: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>(undefined);
  const data = useRef<AlignedData>([[], []]);
  const words = useRef(inWords);
  const language = useLanguage();
  data.current = [seconds as number[], values as (number | null)[]];
  words.current = inWords;

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new language has other figures at the axes
  useEffect(() => {
    const { current: box } = place;
    if (!box) return;
    const drawn = new UPlot(
      optionsOf(box, least, (value) => words.current(value)),
      data.current,
      box,
    );
    plot.current = drawn;
    const resized = new ResizeObserver(() => drawn.setSize({ width: box.clientWidth, height: HEIGHT_PX }));
    resized.observe(box);
    const redraw = () => drawn.redraw(false, true);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', redraw);
    const chosen = new MutationObserver(redraw);
    chosen.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      resized.disconnect();
      dark.removeEventListener('change', redraw);
      chosen.disconnect();
      drawn.destroy();
    };
  }, [least, language]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: they say that there is something new to draw
  useEffect(() => plot.current?.setData(data.current), [seconds, values]);

  return <div ref={place} className={styles.plot} role="img" aria-label={label} />;
}

function optionsOf(box: HTMLElement, least: number, inWords: (value: number) => string): UPlot.Options {
  // Canvases know no tokens: the style sheet puts them on properties of the box whose computed values are plain colours.
  const colour = (of: 'color' | 'stroke' | 'fill' | 'borderTopColor') => () => getComputedStyle(box)[of];
  const axis = {
    stroke: colour('color'),
    font: AXIS_FONT,
    grid: { stroke: colour('borderTopColor'), width: 1 },
    ticks: { show: false },
  };
  return {
    width: box.clientWidth,
    height: HEIGHT_PX,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, range: (_plot, from, to) => [from ?? 0, Math.max(to ?? 0, (from ?? 0) + 1)] },
      y: { range: (_plot, _from, to) => [0, Math.max(least, (to ?? 0) * 1.1)] },
    },
    series: [{}, { stroke: colour('stroke'), fill: colour('fill'), width: 1.5, points: { show: false } }],
    axes: [
      { ...axis, size: 22, gap: 4, space: 64, grid: { show: false }, values: (_plot, ticks) => ticks.map(clockTime) },
      { ...axis, size: 58, gap: 6, space: 32, values: (_plot, ticks) => ticks.map(inWords) },
    ],
  };
}
