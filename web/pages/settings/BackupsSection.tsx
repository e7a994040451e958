import { useMutation, useQuery } from '@tanstack/react-query';
import { Archive, Check } from 'lucide-react';
import type { Backup } from '../../api-types.ts';
import { ask } from '../../client.ts';
import { Button } from '../../components/Button.tsx';
import { Card, Empty, Loading } from '../../components/Page.tsx';
import { Note, ProblemNote } from '../../components/ProblemNote.tsx';
import { inBytes, moment } from '../../format.ts';
import { useWords } from '../../words/catalogue.ts';
import { commonWords } from '../../words/common.ts';
import { CommandLine } from './CommandLine.tsx';
import rows from './Rows.module.css';
import { backupsQuery, refresh, settingsQuery } from './settings-queries.ts';
import { settingsWords } from './words.ts';

/** Which backups there are, one more, and how one is restored. */
export function BackupsSection() {
  const words = useWords(settingsWords).upkeep;
  const common = useWords(commonWords);
  const { data, error } = useQuery(backupsQuery);
  const make = useMutation({
    mutationFn: () => ask<Backup>('POST', '/api/backups'),
    onSuccess: () => refresh('backups', 'storage'),
  });
  return (
    <>
      <Card
        title={words.backups}
        actions={
          <Button kind="primary" icon={<Archive />} busy={make.isPending} onClick={() => make.mutate()}>
            {words.backUp}
          </Button>
        }
      >
        <p className={rows.about}>{words.backupsAbout}</p>
        <ProblemNote error={error ?? make.error} />
        {make.data && (
          <Note tone="good" role="status">
            <p>{words.made(make.data.name)}</p>
          </Note>
        )}
        {!data && !error && <Loading label={common.loading} />}
        {data?.backups.length === 0 && (
          <Empty icon={<Archive />} title={words.noBackups}>
            <p>{words.noBackupsAbout}</p>
          </Empty>
        )}
        <ul className={rows.rows}>
          {data?.backups.map((backup) => (
            <BackupRow key={backup.name} backup={backup} />
          ))}
        </ul>
      </Card>
      {data?.backups[0] && <HowToRestore backup={data.backups[0]} />}
    </>
  );
}

function BackupRow({ backup: { name, madeAt, bytes, verified } }: { backup: Backup }) {
  const words = useWords(settingsWords).upkeep;
  return (
    <li className={rows.row}>
      <div className={rows.line}>
        <div className={rows.what}>
          <span className={rows.name}>
            <time dateTime={madeAt}>{moment(madeAt)}</time>
          </span>
          <p className={rows.faint}>{name}</p>
        </div>
        <span data-figure="">{inBytes(bytes)}</span>
        <span className={`${rows.tag} ${verified ? rows.good : rows.bad}`}>
          {verified && <Check aria-hidden="true" />}
          {verified ? words.verified : words.unverified}
        </span>
      </div>
    </li>
  );
}

function HowToRestore({ backup }: { backup: Backup }) {
  const words = useWords(settingsWords).upkeep;
  const folder = useQuery(settingsQuery).data?.settings.find(({ name }) => name === 'dataDir')?.value;
  if (typeof folder !== 'string') return null;
  const path = `${folder}/backups/${backup.name}`;
  // A shell takes a path with a space apart, unless it is quoted.
  const quoted = /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
  return (
    <Card title={words.restore}>
      <p className={rows.about}>{words.restoreAbout}</p>
      <CommandLine command={`longhand stop && longhand db restore ${quoted} && longhand start`} />
    </Card>
  );
}
