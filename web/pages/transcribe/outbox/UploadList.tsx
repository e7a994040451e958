import { CloudUpload } from 'lucide-react';
import { lazy, Suspense, useEffect, useState } from 'react';
import { Card } from '../../../components/Page.tsx';
import { loadPart, useWords } from '../../../words/catalogue.ts';
import { partWords } from '../part-words.ts';
import rows from '../Rows.module.css';
import { transcribeWords } from '../words.ts';
import { outbox, useOutbox } from './outbox.ts';

const UploadRow = lazy(() => loadPart(() => import('./UploadRow.tsx'), partWords));

/** What is on its way to the service. */
export function UploadList({ owner }: { owner: string }) {
  const words = useWords(transcribeWords).page;
  const items = useOutbox();
  const [arrived, setArrived] = useState('');
  useEffect(() => void outbox.open(owner), [owner]);
  useEffect(() => outbox.onArrival(({ name }) => setArrived(words.handedIn(name))), [words]);
  const isUnsafe = items.some(({ safe, phase }) => safe === false && (phase.at === 'sending' || phase.at === 'away'));
  useAskBeforeLeaving(isUnsafe);

  return (
    <>
      <p className="visually-hidden" role="status">
        {arrived}
      </p>
      {items.length > 0 && (
        <Card title={words.sending}>
          {items.some(({ phase }) => phase.at !== 'known' && phase.at !== 'refused') && (
            <p className={rows.facts}>{words.sendingAbout}</p>
          )}
          <ul className={rows.list} aria-label={words.sending}>
            {items.map((item) => (
              <li key={item.id} className={rows.row} data-kept={item.safe}>
                <CloudUpload aria-hidden="true" />
                <Suspense fallback={<p className={rows.name}>{item.name}</p>}>
                  <UploadRow item={item} />
                </Suspense>
              </li>
            ))}
          </ul>
        </Card>
      )}
    </>
  );
}

/** Of what the browser does not keep a part would have to be done again by hand. */
function useAskBeforeLeaving(isNeeded: boolean): void {
  useEffect(() => {
    if (!isNeeded) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [isNeeded]);
}
