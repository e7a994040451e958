import { useMutation, useQuery } from '@tanstack/react-query';
import { GitCompareArrows, RotateCcw, X } from 'lucide-react';
import { useState } from 'react';
import type { TranscriptVersion } from '../../api-types.ts';
import { Button, IconButton } from '../../components/Button.tsx';
import { Dialog } from '../../components/Dialog.tsx';
import { Loading } from '../../components/Page.tsx';
import { Note, ProblemNote } from '../../components/ProblemNote.tsx';
import { moment } from '../../format.ts';
import { useWords, type WordsOf } from '../../words/catalogue.ts';
import { commonWords } from '../../words/common.ts';
import { Comparison } from './Comparison.tsx';
import { restoreVersion, versionsQuery } from './queries.ts';
import styles from './Versions.module.css';
import { transcriptWords } from './words.ts';

interface VersionsPanelProps {
  id: number;
  /** Something was changed that is no version yet. */
  isDirty: boolean;
  onSeek(ms: number): void;
  nameOf(speaker: string): string;
  /** An older one is the newest now. */
  onRestored(): Promise<void>;
  onClose(): void;
}

/** All versions of the text: who made them, what is different, and back to one. */
export function VersionsPanel({ id, isDirty, onSeek, nameOf, onRestored, onClose }: VersionsPanelProps) {
  const words = useWords(transcriptWords);
  const common = useWords(commonWords);
  const { data, error } = useQuery(versionsQuery(id));
  const [compared, setCompared] = useState<readonly [from: number, to: number]>();
  const [asked, setAsked] = useState<number>();
  const restore = useMutation({
    mutationFn: (number: number) => restoreVersion(id, number),
    onSuccess: onRestored,
  });
  const versions = data?.versions ?? [];
  const newest = versions.at(-1)?.number ?? 1;
  const fetchBack = (number: number) => (isDirty ? setAsked(number) : restore.mutate(number));
  return (
    <aside className={styles.panel} aria-label={words.versions}>
      <header className={styles.head}>
        <h2>{words.versions}</h2>
        <IconButton label={common.close} onClick={onClose}>
          <X />
        </IconButton>
      </header>
      <ProblemNote error={error ?? restore.error} />
      {restore.data && (
        <Note tone="good" role="status">
          {words.restored(restore.variables, restore.data.version.number)}
        </Note>
      )}
      {!data && !error && <Loading label={common.loading} />}
      {versions.length > 1 && (
        <Choice
          versions={versions}
          onCompare={(from, to) => setCompared(from <= to ? [from, to] : [to, from])}
          words={words}
        />
      )}
      {compared && <Comparison id={id} from={compared[0]} to={compared[1]} onSeek={onSeek} nameOf={nameOf} />}
      <ol className={styles.versions} reversed>
        {versions.toReversed().map((version) => (
          <li key={version.number} className={styles.version}>
            <p className={styles.title}>
              <strong>{words.version(version.number)}</strong>
              {version.number === newest && <span className={styles.newest}>{words.newest}</span>}
            </p>
            <p className={styles.about}>{aboutOf(version, words)}</p>
            {version.note !== null && <p>{version.note}</p>}
            <p className={styles.acts}>
              {version.number > 1 && (
                <Button
                  size="s"
                  kind="quiet"
                  icon={<GitCompareArrows />}
                  onClick={() => setCompared([version.number - 1, version.number])}
                >
                  {words.whatChanged}
                </Button>
              )}
              {version.number !== newest && (
                <Button
                  size="s"
                  kind="quiet"
                  icon={<RotateCcw />}
                  aria-label={words.restoreNumber(version.number)}
                  busy={restore.isPending && restore.variables === version.number}
                  onClick={() => fetchBack(version.number)}
                >
                  {words.restore}
                </Button>
              )}
            </p>
          </li>
        ))}
      </ol>
      {asked !== undefined && (
        <Dialog
          open
          onClose={() => setAsked(undefined)}
          title={words.restoreTitle(asked)}
          about={words.restoreLoses}
          actions={
            <>
              <Button onClick={() => setAsked(undefined)}>{common.cancel}</Button>
              <Button
                kind="danger"
                onClick={() => {
                  setAsked(undefined);
                  restore.mutate(asked);
                }}
              >
                {words.restore}
              </Button>
            </>
          }
        />
      )}
    </aside>
  );
}

type Words = WordsOf<typeof transcriptWords>;

function Choice({
  versions,
  onCompare,
  words,
}: {
  versions: readonly TranscriptVersion[];
  onCompare(from: number, to: number): void;
  words: Words;
}) {
  const newest = versions.at(-1)!.number;
  const [from, setFrom] = useState(1);
  const [to, setTo] = useState<number>();
  const select = (label: string, value: number, onChange: (value: number) => void) => (
    <select aria-label={label} value={value} onChange={({ target }) => onChange(Number(target.value))}>
      {versions.map(({ number }) => (
        <option key={number} value={number}>
          {words.version(number)}
        </option>
      ))}
    </select>
  );
  return (
    <div className={styles.choice}>
      {select(words.compareFrom, from, setFrom)}
      <span aria-hidden="true">→</span>
      {select(words.compareTo, to ?? newest, setTo)}
      <Button size="s" onClick={() => onCompare(from, to ?? newest)}>
        {words.compare}
      </Button>
    </div>
  );
}

function aboutOf({ kind, author, createdAt, segmentsChanged, restored }: TranscriptVersion, words: Words): string {
  const parts = [author, moment(createdAt)];
  if (kind === 'engine') parts.unshift(words.byEngine);
  if (restored !== null) parts.push(words.restoredFrom(restored));
  else if (segmentsChanged !== null) parts.push(words.passages(segmentsChanged));
  return parts.join(' · ');
}
