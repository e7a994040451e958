import { useQuery } from '@tanstack/react-query';
import type { Storage } from '../../api-types.ts';
import { Card, Loading } from '../../components/Page.tsx';
import { ProblemNote } from '../../components/ProblemNote.tsx';
import { inBytes } from '../../format.ts';
import { useWords } from '../../words/catalogue.ts';
import { commonWords } from '../../words/common.ts';
import rows from './Rows.module.css';
import { SettingsForm } from './SettingsForm.tsx';
import styles from './StorageSection.module.css';
import { storageQuery } from './settings-queries.ts';
import { settingsWords } from './words.ts';

/** From what usually is the most. */
const KINDS = [
  'recordingsBytes',
  'modelsBytes',
  'jobFilesBytes',
  'databaseBytes',
  'backupsBytes',
  'logsBytes',
] as const;

/** What Longhand takes on the disk, and how long it keeps what. */
export function StorageSection() {
  const words = useWords(settingsWords).upkeep;
  const common = useWords(commonWords);
  const { data, error } = useQuery(storageQuery);
  return (
    <>
      <Card title={words.space}>
        <ProblemNote error={error} />
        {!data && !error && <Loading label={common.loading} />}
        {data && <Space storage={data} />}
      </Card>
      <SettingsForm
        title={words.retention}
        about={words.retentionAbout}
        names={['uploadHours', 'logDays', 'logTotalBytes', 'eventDays', 'usageDays']}
      />
    </>
  );
}

function Space({ storage }: { storage: Storage }) {
  const words = useWords(settingsWords).upkeep;
  const total = KINDS.reduce((sum, kind) => sum + storage[kind], 0);
  return (
    <>
      <p>
        <strong>{words.takes(inBytes(total))}</strong>{' '}
        <span className={rows.faint}>{words.free(inBytes(storage.freeBytes), inBytes(storage.totalBytes))}</span>
      </p>
      <div className={styles.bar} aria-hidden="true">
        {KINDS.filter((kind) => storage[kind] > 0).map((kind) => (
          <span key={kind} className={styles[kind]} style={{ flexGrow: storage[kind] }} />
        ))}
      </div>
      <ul className={styles.legend}>
        {KINDS.map((kind) => (
          <li key={kind}>
            <span className={`${styles.dot} ${styles[kind]}`} aria-hidden="true" />
            <span className={styles.kind}>{words.kinds[kind]}</span>
            <span data-figure="">{inBytes(storage[kind])}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
