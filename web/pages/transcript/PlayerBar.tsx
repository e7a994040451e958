import { useQuery } from '@tanstack/react-query';
import { Pause, Play, Redo, Undo, Volume2, VolumeX } from 'lucide-react';
import { lazy, Suspense } from 'react';
import { IconButton } from '../../components/Button.tsx';
import { ProblemNote } from '../../components/ProblemNote.tsx';
import { clockTime } from '../../format.ts';
import { useWords } from '../../words/catalogue.ts';
import styles from './Player.module.css';
import { type Player, SKIP_SECONDS, SPEEDS, UnplayableError, useAudio } from './player.ts';
import { waveformQuery } from './queries.ts';
import { transcriptWords } from './words.ts';

const Waveform = lazy(async () => ({ default: (await import('./Waveform.tsx')).Waveform }));

interface PlayerBarProps {
  job: { id: number; durationSeconds: number };
  player: Player;
  follows: boolean;
  onFollow(follows: boolean): void;
}

/** Play, where it is, how fast and how loud. */
export function PlayerBar({ job, player, follows, onFollow }: PlayerBarProps) {
  const words = useWords(transcriptWords);
  const { audio, taste } = player;
  const isPlaying = useAudio(audio, 'play pause ended', ({ paused }) => !paused) ?? false;
  return (
    <section className={styles.player} aria-label={words.player}>
      {/* biome-ignore lint/a11y/useMediaCaption: its text stands below */}
      <audio ref={player.attach} src={`/api/jobs/${job.id}/audio`} preload="metadata" />
      <div className={styles.main}>
        <IconButton label={words.back(SKIP_SECONDS)} onClick={() => player.skip(-SKIP_SECONDS)}>
          <Undo />
        </IconButton>
        <IconButton
          label={isPlaying ? words.pause : words.play}
          className={styles.play ?? ''}
          onClick={player.toggle}
          disabled={player.error !== null}
        >
          {isPlaying ? <Pause /> : <Play />}
        </IconButton>
        <IconButton label={words.ahead(SKIP_SECONDS)} onClick={() => player.skip(SKIP_SECONDS)}>
          <Redo />
        </IconButton>
      </div>
      <Place job={job} player={player} />
      <div className={styles.tastes}>
        <select
          className={styles.speed}
          aria-label={words.speed}
          title={words.speed}
          value={taste.speed}
          onChange={({ target }) => player.change({ speed: Number(target.value) })}
        >
          {SPEEDS.map((speed) => (
            <option key={speed} value={speed}>
              {speed}×
            </option>
          ))}
        </select>
        <label className={styles.volume} title={words.volume}>
          {taste.volume === 0 ? <VolumeX aria-hidden="true" /> : <Volume2 aria-hidden="true" />}
          <input
            type="range"
            min={0}
            max={1}
            step={0.05}
            value={taste.volume}
            aria-label={words.volume}
            onChange={({ target }) => player.change({ volume: Number(target.value) })}
          />
        </label>
        <label className={styles.follow} title={words.followAbout}>
          <input type="checkbox" checked={follows} onChange={({ target }) => onFollow(target.checked)} />
          {words.follow}
        </label>
      </div>
      {player.error && (
        <div className={styles.problem}>
          <ProblemNote error={player.error instanceof UnplayableError ? words.unplayable : player.error} />
        </div>
      )}
    </section>
  );
}

/** Where it is: the picture of the sound, with a slider over it. */
function Place({ job, player: { audio, seek } }: Pick<PlayerBarProps, 'job' | 'player'>) {
  const words = useWords(transcriptWords);
  const { data: picture } = useQuery(waveformQuery(job.id));
  const seconds = useAudio(audio, 'timeupdate seeking seeked', ({ currentTime }) => currentTime) ?? 0;
  const told = useAudio(audio, 'durationchange', ({ duration }) => duration);
  const total = picture?.durationSeconds || (told && Number.isFinite(told) ? told : job.durationSeconds);
  return (
    <>
      <span className={styles.time} data-figure="">
        {clockTime(seconds)}
      </span>
      <div className={styles.place}>
        {picture && audio ? (
          <Suspense fallback={null}>
            <Waveform picture={picture} audio={audio} />
          </Suspense>
        ) : (
          <div className={styles.line} style={{ transform: `scaleX(${total > 0 ? seconds / total : 0})` }} />
        )}
        <input
          type="range"
          className={styles.slider}
          min={0}
          max={total}
          step="any"
          value={Math.min(seconds, total)}
          aria-label={words.place}
          aria-valuetext={words.placeOf(clockTime(seconds), clockTime(total))}
          onChange={({ target }) => seek(Number(target.value))}
          onKeyDown={(event) => {
            const sign = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
            if (sign === undefined) return;
            // Of its own accord it would go by a hundredth of the recording.
            event.preventDefault();
            event.stopPropagation();
            seek(seconds + sign * SKIP_SECONDS);
          }}
        />
      </div>
      <span className={styles.time} data-figure="">
        {clockTime(total)}
      </span>
    </>
  );
}
