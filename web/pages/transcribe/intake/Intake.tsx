import { FolderOpen, Link2Off, Mic, Upload } from 'lucide-react';
import { type ChangeEvent, lazy, Suspense, useId, useRef, useState } from 'react';
import { Button } from '../../../components/Button.tsx';
import { Note } from '../../../components/ProblemNote.tsx';
import { loadPart, useWords } from '../../../words/catalogue.ts';
import { outbox } from '../outbox/outbox.ts';
import { partWords } from '../part-words.ts';
import { Drafts } from '../recorder/Drafts.tsx';
import type { Made } from '../recorder/Recorder.tsx';
import { transcribeWords } from '../words.ts';
import { type Gathered, ofFolder } from './dropped.ts';
import styles from './Intake.module.css';
import { PlanLine } from './PlanLine.tsx';
import { useStaged } from './staged.ts';
import { useArrivingFiles } from './useArrivingFiles.ts';
import { asOptions, lastWish, rememberWish } from './wish.ts';

const StagedList = lazy(() => import('./StagedList.tsx'));
const Recorder = lazy(() => loadPart(() => import('../recorder/Recorder.tsx'), partWords));

/** On a phone nothing is dragged, and folders are not to be had. */
const HAS_POINTER = matchMedia('(hover: hover)').matches;

/** Recordings come in here: dropped, pasted, chosen or made with the microphone; and are sent when somebody says so. */
export function Intake({ owner }: { owner: string }) {
  const words = useWords(transcribeWords).page;
  const heading = useId();
  const { staged, add, remove } = useStaged();
  const [wish, setWish] = useState(lastWish);
  const [isRecording, setRecording] = useState(false);
  const [remarks, setRemarks] = useState<string[]>([]);
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);

  const take = ({ files: chosen, leftOut }: Gathered) => {
    const same = add(chosen);
    setRemarks([...(same > 0 ? [words.sameAgain(same)] : []), ...(leftOut > 0 ? [words.leftOut(leftOut)] : [])]);
  };
  const takeMade = ({ file, recording, seconds }: Made) => {
    add([file], { recording, seconds });
    setRecording(false);
  };
  const isOver = useArrivingFiles(take, () => setRemarks([words.linkPasted]));
  const chosen = (gathered: (files: File[]) => Gathered) => (event: ChangeEvent<HTMLInputElement>) => {
    take(gathered([...(event.target.files ?? [])]));
    // The same file can be chosen again.
    event.target.value = '';
  };
  const ready = staged.filter(({ refusal }) => !refusal);
  const send = () => {
    rememberWish(wish);
    outbox.add(ready.map(({ file, recording }) => ({ file, recording, wish: asOptions(wish) })));
    remove(ready);
    setRemarks([]);
  };

  return (
    <section className={styles.intake} aria-labelledby={heading}>
      <h2 id={heading} className="visually-hidden">
        {words.intake}
      </h2>
      {isRecording ? (
        <Suspense fallback={<div className={styles.zone} />}>
          <Recorder owner={owner} onMade={takeMade} onClose={() => setRecording(false)} />
        </Suspense>
      ) : (
        <div className={`${styles.zone} ${isOver ? styles.over : ''}`} data-drop-zone="">
          <Upload className={styles.mark} aria-hidden="true" />
          <p className={styles.title}>{isOver ? words.dropNow : HAS_POINTER ? words.drop : words.add}</p>
          <p className={styles.about}>{HAS_POINTER ? words.dropAbout : words.addAbout}</p>
          <div className={styles.ways}>
            <Button kind={ready.length > 0 ? 'plain' : 'primary'} onClick={() => files.current?.click()}>
              {words.chooseFiles}
            </Button>
            {HAS_POINTER && (
              <Button icon={<FolderOpen />} onClick={() => folder.current?.click()}>
                {words.chooseFolder}
              </Button>
            )}
            <Button icon={<Mic />} onClick={() => setRecording(true)}>
              {words.record}
            </Button>
          </div>
          <input
            ref={files}
            type="file"
            multiple
            hidden
            accept="audio/*,video/*,.amr,.caf,.mka,.mkv,.opus,.wma"
            onChange={chosen((all) => ({ files: all, leftOut: 0 }))}
          />
          <input
            ref={(input) => {
              folder.current = input;
              input?.setAttribute('webkitdirectory', '');
            }}
            type="file"
            multiple
            hidden
            onChange={chosen(ofFolder)}
          />
        </div>
      )}
      {remarks.length > 0 && (
        <Note role="status">
          {remarks.map((remark) => (
            <p key={remark} className={styles.remark}>
              {remark === words.linkPasted && <Link2Off aria-hidden="true" />}
              {remark}
            </p>
          ))}
        </Note>
      )}
      {!isRecording && (
        <Drafts owner={owner} chosen={new Set(staged.flatMap(({ recording }) => recording ?? []))} onUse={takeMade} />
      )}
      {staged.length > 0 && (
        <Suspense>
          <StagedList staged={staged} onRemove={(each) => remove([each])} />
        </Suspense>
      )}
      <PlanLine
        recordings={ready}
        wish={wish}
        onWish={setWish}
        action={
          staged.length > 0 && (
            <div className={styles.actions}>
              <Button kind="quiet" onClick={() => remove(staged)}>
                {words.clear}
              </Button>
              <Button kind="primary" disabled={ready.length === 0} onClick={send}>
                {words.send(ready.length)}
              </Button>
            </div>
          )
        }
      />
    </section>
  );
}
