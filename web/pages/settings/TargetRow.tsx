import { useMutation } from '@tanstack/react-query';
import { Pencil, Send, Trash2 } from 'lucide-react';
import { useState } from 'react';
import type { Delivery, Target } from '../../api-types.ts';
import { ask } from '../../client.ts';
import { Button } from '../../components/Button.tsx';
import { Note, ProblemNote } from '../../components/ProblemNote.tsx';
import { useWords } from '../../words/catalogue.ts';
import { AskDialog } from './AskDialog.tsx';
import rows from './Rows.module.css';
import { refresh } from './settings-queries.ts';
import { TargetForm } from './TargetForm.tsx';
import { settingsWords } from './words.ts';

/** One who is told. */
export function TargetRow({ target }: { target: Target }) {
  const words = useWords(settingsWords).people;
  const [doing, setDoing] = useState<'changing' | 'asking'>();
  const { id, address, events, signed, enabled, kind, origin } = target;
  const test = useMutation({
    mutationFn: () => ask<Delivery>('POST', `/api/notifications/targets/${id}/test`),
    onSuccess: () => refresh('deliveries'),
  });
  const facts = [words.kinds[kind], ...events.map((event) => words.events[event]), ...(signed ? [words.signed] : [])];
  return (
    <li className={rows.row}>
      <div className={rows.line}>
        <div className={rows.what}>
          <span className={rows.name}>{address}</span>
          <span className={rows.tags}>
            {!enabled && <span className={`${rows.tag} ${rows.warn}`}>{words.off}</span>}
            {origin === 'settings' && <span className={rows.tag}>{words.fromSettings}</span>}
          </span>
          <p className={rows.faint}>{facts.join(' · ')}</p>
        </div>
        <div className={rows.actions}>
          <Button
            size="s"
            icon={<Send />}
            busy={test.isPending}
            onClick={() => test.mutate()}
            aria-label={words.testOf(address)}
          >
            {words.test}
          </Button>
          {origin === 'user' && (
            <>
              <Button
                size="s"
                icon={<Pencil />}
                onClick={() => setDoing('changing')}
                aria-label={words.changeOf(address)}
              >
                {words.change}
              </Button>
              <Button
                kind="danger"
                size="s"
                icon={<Trash2 />}
                onClick={() => setDoing('asking')}
                aria-label={words.removeOf(address)}
              >
                {words.remove}
              </Button>
            </>
          )}
        </div>
      </div>
      <ProblemNote error={test.error} />
      {test.data && <TestOutcome delivery={test.data} />}
      {doing === 'changing' && <TargetForm target={target} onClose={() => setDoing(undefined)} />}
      {doing === 'asking' && (
        <AskDialog
          title={words.removeTargetTitle}
          about={words.removeTargetAbout(address)}
          confirm={words.removeConfirm}
          keep={words.keep}
          onClose={() => setDoing(undefined)}
          onConfirm={async () => {
            await ask('DELETE', `/api/notifications/targets/${id}`);
            await refresh('targets', 'deliveries');
          }}
        />
      )}
    </li>
  );
}

function TestOutcome({ delivery: { status, address, error, httpStatus } }: { delivery: Delivery }) {
  const words = useWords(settingsWords).people;
  const arrived = status === 'delivered';
  return (
    <Note tone={arrived ? 'good' : 'bad'} role="status">
      <p>
        <strong>{arrived ? words.testDone(address) : words.testFailed(address)}</strong>
      </p>
      {error && !arrived ? <p>{error}</p> : httpStatus !== null && <p>{words.answered(httpStatus)}</p>}
    </Note>
  );
}
