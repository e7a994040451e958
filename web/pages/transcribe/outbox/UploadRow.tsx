import { Link } from '@tanstack/react-router';
import { RotateCcw, X } from 'lucide-react';
import { useRef, useState } from 'react';
import { ProblemError } from '../../../client.ts';
import { Button, IconButton } from '../../../components/Button.tsx';
import { ProblemNote } from '../../../components/ProblemNote.tsx';
import { ProgressBar } from '../../../components/ProgressBar.tsx';
import { inBytes, inWords, percent } from '../../../format.ts';
import { useWords, type WordsOf } from '../../../words/catalogue.ts';
import { partWords } from '../part-words.ts';
import rows from '../Rows.module.css';
import { type Item, isSameFile, type Phase } from './item.ts';
import { outbox } from './outbox.ts';

const TOO_LARGE = 413;

/** A recording on its way: how far it is, or what is in its way and what to do about it. */
export default function UploadRow({ item }: { item: Item }) {
  const words = useWords(partWords).upload;
  const { id, name, phase, bytes, safe } = item;
  const isPlain = phase.at !== 'known' && phase.at !== 'refused' && phase.at !== 'file';
  const isOver = phase.at === 'known' || phase.at === 'refused';
  return (
    <>
      <div className={rows.text}>
        <p className={rows.name}>{name}</p>
        <PhaseLine phase={phase} bytes={bytes} />
        {phase.at === 'sending' && safe === false && <p className={rows.facts}>{words.unsafe}</p>}
      </div>
      <div className={`${rows.actions} ${isPlain ? '' : rows.wordy}`}>
        {phase.at === 'known' && (
          <>
            <Link to="/jobs/$id" params={{ id: String(phase.jobId) }}>
              {words.knownOpen(phase.jobId)}
            </Link>
            <Button size="s" icon={<RotateCcw />} onClick={() => outbox.again(id, { again: 'true' })}>
              {words.doAgain}
            </Button>
          </>
        )}
        {phase.at === 'refused' && (
          <Button size="s" icon={<RotateCcw />} onClick={() => outbox.again(id)}>
            {words.retrySending}
          </Button>
        )}
        {phase.at === 'file' && <ChooseAgain item={item} />}
        <IconButton
          label={isOver ? words.dismissOf(name) : words.stopSendingOf(name)}
          onClick={() => void outbox.remove(id)}
        >
          <X />
        </IconButton>
      </div>
      <div className={rows.wide}>
        {(phase.at === 'sending' || phase.at === 'away') && (
          <ProgressBar
            value={(phase.sentBytes / bytes) * 100}
            label={name}
            tone={phase.at === 'away' ? 'warn' : 'work'}
          />
        )}
        {phase.at === 'refused' && <Refusal error={phase.error} />}
      </div>
    </>
  );
}

function PhaseLine({ phase, bytes }: { phase: Phase; bytes: number }) {
  const words = useWords(partWords).upload;
  switch (phase.at) {
    case 'turn':
      return <p className={rows.facts}>{[words.turn, inBytes(bytes)].join(' · ')}</p>;
    case 'sending':
      return (
        <p className={rows.facts} data-figure="">
          {phase.sentBytes === 0 ? words.connecting : sendingFacts(phase, bytes, words)}
        </p>
      );
    case 'arrived':
      return <p className={rows.facts}>{words.arrived}</p>;
    case 'away':
      return (
        <p className={rows.warn} role="status">
          {phase.why === undefined ? words.away : words.awayWhy(phase.why)}
        </p>
      );
    case 'file':
      return (
        <p className={rows.warn} role="status">
          {words.fileNeeded}
        </p>
      );
    case 'known':
      return (
        <p className={rows.facts} role="status">
          {phase.status === 'completed' ? words.known : words.knownRunning}
        </p>
      );
    case 'refused':
      return null;
  }
}

function sendingFacts(
  { sentBytes, bytesPerSecond, secondsLeft }: Extract<Phase, { at: 'sending' }>,
  bytes: number,
  words: WordsOf<typeof partWords>['upload'],
): string {
  return [
    words.sent(percent((sentBytes / bytes) * 100), inBytes(bytes)),
    bytesPerSecond === undefined ? undefined : words.rate(inBytes(bytesPerSecond)),
    secondsLeft === undefined ? undefined : words.left(inWords(secondsLeft)),
  ]
    .filter(Boolean)
    .join(' · ');
}

function Refusal({ error }: { error: unknown }) {
  const words = useWords(partWords).upload;
  const isTooLarge = error instanceof ProblemError && error.status === TOO_LARGE;
  return (
    <ProblemNote
      error={
        isTooLarge
          ? new ProblemError({
              status: TOO_LARGE,
              code: error.code,
              detail: words.tooLarge,
              remedy: words.tooLargeRemedy,
            })
          : error
      }
    />
  );
}

/** The file must be the same, or its parts would not fit together. */
function ChooseAgain({ item }: { item: Item }) {
  const words = useWords(partWords).upload;
  const input = useRef<HTMLInputElement>(null);
  const [isOther, setOther] = useState(false);
  return (
    <>
      {isOther && (
        <span className={rows.bad} role="alert">
          {words.otherFile(item.name)}
        </span>
      )}
      <Button size="s" onClick={() => input.current?.click()}>
        {words.chooseAgain}
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        onChange={({ target }) => {
          const [file] = target.files ?? [];
          setOther(file !== undefined && !isSameFile(item, file));
          if (file) outbox.offer([file]);
        }}
      />
    </>
  );
}
