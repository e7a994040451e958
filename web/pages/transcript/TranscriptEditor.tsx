import { useMutation } from '@tanstack/react-query';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import type { Job } from '../../api-types.ts';
import { ProblemError } from '../../client.ts';
import { Button } from '../../components/Button.tsx';
import { Note } from '../../components/ProblemNote.tsx';
import { useWords } from '../../words/catalogue.ts';
import { ConflictDialog } from './ConflictDialog.tsx';
import { changesOf, type Doc, docOf, nameOf, wholeOf, withCut, withJoin, withTexts } from './document.ts';
import { isDirty as areUnsaved, useEdits } from './edits.ts';
import { FindBar } from './FindBar.tsx';
import { KeysDialog } from './KeysDialog.tsx';
import { useKeys } from './keys.ts';
import { LeaveDialog } from './LeaveDialog.tsx';
import { Marks } from './marks.ts';
import { PlayerBar } from './PlayerBar.tsx';
import { type Paragraph, paragraphsOf } from './paragraphs.ts';
import { SKIP_SECONDS, usePlayer } from './player.ts';
import { askAgain, type LoadedTranscript, saveVersion } from './queries.ts';
import type { Editing } from './SegmentText.tsx';
import { SpeakerDialog } from './SpeakerDialog.tsx';
import { useSpokenWord } from './spoken-word.ts';
import { TextView, type TextViewHandle } from './TextView.tsx';
import { ToolBar } from './ToolBar.tsx';
import styles from './TranscriptEditor.module.css';
import { useUnsureWords } from './unsure-words.ts';
import { VersionsPanel } from './VersionsPanel.tsx';
import { transcriptWords } from './words.ts';

/** A transcript that is read, heard and changed. */
export function TranscriptEditor({ job, loaded }: { job: Job; loaded: LoadedTranscript }) {
  const words = useWords(transcriptWords);
  const { id } = job;
  const [first] = useState(() => docOf(loaded.transcript));
  const [edits, dispatch] = useEdits(loaded.number, first);
  const { doc, base } = edits;
  const isDirty = areUnsaved(edits);
  const paragraphs = useParagraphs(doc);

  const [marks] = useState(() => new Marks());
  useLayoutEffect(() => marks.show(), [marks]);
  const player = usePlayer(id);
  const text = useRef<TextViewHandle>(null);
  const [follows, setFollows] = useSpokenWord(player.audio, doc, marks, text);
  const unsure = useUnsureWords(doc, marks);

  const [editing, setEditing] = useState<Editing>();
  const [speaking, setSpeaking] = useState<Paragraph>();
  const [findsFrom, setFindsFrom] = useState<{ index: number }>();
  const [versionsShown, showVersions] = useState(false);
  const [keysShown, showKeys] = useState(false);
  const [conflictShown, showConflict] = useState(false);

  const latest = useRef(edits);
  useLayoutEffect(() => {
    latest.current = edits;
  });
  const change = useCallback((to: Doc) => dispatch({ do: 'change', to }), [dispatch]);
  const {
    mutateAsync,
    isPending,
    error,
    data: made,
    reset,
  } = useMutation({
    mutationFn: async (wholly: number | undefined) => {
      const { base, saved, doc: sent } = latest.current;
      const { version } = await (wholly === undefined
        ? saveVersion(id, base, changesOf(saved, sent))
        : saveVersion(id, wholly, wholeOf(sent)));
      dispatch({ do: 'saved', base: version.number, sent });
      await askAgain(id);
      return version.number;
    },
    onError: async (problem) => {
      if (!isConflict(problem)) return;
      await askAgain(id);
      showConflict(true);
    },
  });
  /** @param wholly on top of this version, whatever it is */
  const save = useCallback(
    async (wholly?: number) => {
      // What is being typed belongs to it.
      flushSync(() => (document.activeElement as HTMLElement | null)?.matches('[contenteditable]') && blurNow());
      if (!areUnsaved(latest.current)) return true;
      return await mutateAsync(wholly).then(
        () => true,
        () => false,
      );
    },
    [mutateAsync],
  );

  // Somebody has saved, here or elsewhere.
  const seen = useRef(loaded);
  useEffect(() => {
    if (isPending || seen.current === loaded) return;
    if (loaded.number === base) dispatch({ do: 'timed', from: docOf(loaded.transcript) });
    else if (isDirty) return;
    else dispatch({ do: 'load', base: loaded.number, doc: docOf(loaded.transcript) });
    seen.current = loaded;
  }, [loaded, base, isDirty, isPending, dispatch]);
  const isBehind = isDirty && !isPending && loaded.number > base;

  const undo = useCallback(() => dispatch({ do: 'undo' }), [dispatch]);
  const redo = useCallback(() => dispatch({ do: 'redo' }), [dispatch]);
  const find = () => setFindsFrom({ index: text.current?.shown() ?? 0 });
  const hasDialog = speaking !== undefined || keysShown || conflictShown;
  useKeys(
    {
      togglePlay: player.toggle,
      skip: (sign) => player.skip(sign * SKIP_SECONDS),
      ...{ find, undo, redo },
      save: () => void save(),
      help: () => showKeys(true),
    },
    hasDialog,
  );

  const { seek, toggle } = player;
  const handlers = useMemo(
    () => ({
      onSeek: (ms: number) => seek(ms / 1000),
      onTogglePlay: toggle,
      onEdit: (index: number) => setEditing({ index }),
      onDone: (index: number, typed: string | undefined, stays: boolean) => {
        setEditing((now) => (now?.index === index ? undefined : now));
        if (typed !== undefined) change(withTexts(latest.current.doc, new Map([[index, typed]])));
        if (stays) text.current?.focus(index);
      },
      onCut: (index: number, typed: string, at: number) => {
        change(withCut(withTexts(latest.current.doc, new Map([[index, typed]])), index, at));
        setEditing({ index: index + 1, caret: 0 });
      },
      onJoin: (index: number, typed: string, other: 'before' | 'behind') => {
        const doc = withTexts(latest.current.doc, new Map([[index, typed]]));
        const second = other === 'before' ? index : index + 1;
        const first = doc.segments[second - 1];
        const joined = withJoin(doc, second);
        change(joined);
        // The caret stays between the same letters; where there is nothing to join with, it stays where it is.
        const seam = first && joined !== doc ? first.text.length + (first.text === '' || typed === '' ? 0 : 1) : 0;
        setEditing(
          joined === doc
            ? { index, caret: other === 'before' ? 0 : typed.length }
            : { index: second - 1, caret: other === 'before' ? seam : typed.length },
        );
      },
      onUndo: undo,
      onSpeaker: setSpeaking,
    }),
    [seek, toggle, change, undo],
  );
  const reveal = useCallback<TextViewHandle['reveal']>((place) => text.current?.reveal(place), []);
  const takeTheirs = () => {
    showConflict(false);
    reset();
    dispatch({ do: 'load', base: loaded.number, doc: docOf(loaded.transcript) });
  };

  return (
    <>
      <div className={styles.tools}>
        <ToolBar
          job={job}
          canUndo={edits.past.length > 0}
          canRedo={edits.future.length > 0}
          onUndo={undo}
          onRedo={redo}
          onFind={find}
          unsure={unsure}
          versions={{ areShown: versionsShown, show: showVersions }}
          onKeys={() => showKeys(true)}
          textNow={() => plainText(doc, paragraphs)}
          save={{ isDirty, isPending, version: made, error: isConflict(error) ? null : error, run: save }}
        />
        <div className={styles.player}>
          <PlayerBar job={job} player={player} follows={follows} onFollow={setFollows} />
        </div>
        {findsFrom !== undefined && (
          <FindBar
            {...{ doc, marks }}
            from={findsFrom}
            onReveal={reveal}
            onChange={change}
            onClose={() => setFindsFrom(undefined)}
          />
        )}
        {isBehind && (
          <Note tone="warn" role="status">
            <p>{words.meanwhile(words.somebody, loaded.number)}</p>
            <Button size="s" onClick={() => showConflict(true)}>
              {words.seeBoth}
            </Button>
          </Note>
        )}
      </div>
      <div className={versionsShown ? styles.withPanel : styles.alone}>
        <TextView ref={text} {...{ doc, paragraphs, marks, editing }} {...handlers} />
        {versionsShown && (
          <div className={styles.panel}>
            <VersionsPanel
              id={id}
              isDirty={isDirty}
              onSeek={handlers.onSeek}
              nameOf={(speaker) => nameOf(doc, speaker) ?? speaker}
              onRestored={async () => {
                // What was not saved is given up for it; that was asked before.
                dispatch({ do: 'load', base, doc: edits.saved });
                await askAgain(id);
              }}
              onClose={() => showVersions(false)}
            />
          </div>
        )}
      </div>
      {speaking && (
        <SpeakerDialog doc={doc} paragraph={speaking} onChange={change} onClose={() => setSpeaking(undefined)} />
      )}
      {keysShown && <KeysDialog onClose={() => showKeys(false)} />}
      {conflictShown && loaded.number > base && (
        <ConflictDialog
          {...{ id, base, doc }}
          newest={loaded.number}
          saved={edits.saved}
          onKeepMine={() => {
            showConflict(false);
            void save(loaded.number);
          }}
          onTakeTheirs={takeTheirs}
          onClose={() => showConflict(false)}
        />
      )}
      <LeaveDialog isDirty={isDirty || editing !== undefined} onSave={save} />
    </>
  );
}

function useParagraphs(doc: Doc): readonly Paragraph[] {
  const before = useRef<readonly Paragraph[]>([]);
  const paragraphs = useMemo(() => paragraphsOf(doc.segments, before.current), [doc.segments]);
  useEffect(() => {
    before.current = paragraphs;
  }, [paragraphs]);
  return paragraphs;
}

function blurNow(): void {
  (document.activeElement as HTMLElement | null)?.blur();
}

function isConflict(error: unknown): boolean {
  return error instanceof ProblemError && error.code === 'version_conflict';
}

/** As it is read: a paragraph each, with who speaks where that changes. */
function plainText(doc: Doc, paragraphs: readonly Paragraph[]): string {
  let before: string | undefined;
  return paragraphs
    .map(({ speaker, segments }) => {
      const name = nameOf(doc, speaker);
      const begins = name !== undefined && name !== before ? `${name}: ` : '';
      before = name;
      return begins + segments.map(({ text }) => text).join(' ');
    })
    .join('\n\n');
}
