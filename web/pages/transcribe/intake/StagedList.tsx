import { AudioLines, CircleAlert, X } from 'lucide-react';
import { IconButton } from '../../../components/Button.tsx';
import { clockTime, inBytes } from '../../../format.ts';
import { useWords } from '../../../words/catalogue.ts';
import rows from '../Rows.module.css';
import { transcribeWords } from '../words.ts';
import type { Staged } from './staged.ts';

/** What was chosen, before it is sent; and what cannot be sent, with the reason. */
export default function StagedList({ staged, onRemove }: { staged: readonly Staged[]; onRemove(gone: Staged): void }) {
  const words = useWords(transcribeWords).page;
  return (
    <ul className={rows.list} aria-label={words.chosen}>
      {staged.map((each) => (
        <li key={each.key} className={rows.row}>
          {each.refusal ? (
            <CircleAlert className={rows.badMark} aria-hidden="true" />
          ) : (
            <AudioLines aria-hidden="true" />
          )}
          <div className={rows.text}>
            <p className={rows.name}>{each.file.name}</p>
            {each.refusal ? (
              <p className={rows.bad} role="alert">
                {words[each.refusal]}
              </p>
            ) : (
              <p className={rows.facts} data-figure="">
                {[inBytes(each.file.size), lengthOf(each, words.lookedAt)].filter(Boolean).join(' · ')}
              </p>
            )}
          </div>
          <IconButton label={words.remove(each.file.name)} onClick={() => onRemove(each)}>
            <X />
          </IconButton>
        </li>
      ))}
    </ul>
  );
}

function lengthOf({ seconds }: Staged, lookedAt: string): string | undefined {
  if (seconds === null) return lookedAt;
  return seconds === undefined ? undefined : clockTime(seconds);
}
