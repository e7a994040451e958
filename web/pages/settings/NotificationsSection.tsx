import { useQuery } from '@tanstack/react-query';
import { Bell, Plus } from 'lucide-react';
import { useState } from 'react';
import type { Delivery } from '../../api-types.ts';
import { Button } from '../../components/Button.tsx';
import { Card, Loading } from '../../components/Page.tsx';
import { ProblemNote } from '../../components/ProblemNote.tsx';
import { moment } from '../../format.ts';
import { useWords } from '../../words/catalogue.ts';
import { commonWords } from '../../words/common.ts';
import rows from './Rows.module.css';
import { SettingsForm } from './SettingsForm.tsx';
import { mayDo, useScope } from './scope.ts';
import { deliveriesQuery, targetsQuery } from './settings-queries.ts';
import { TargetForm } from './TargetForm.tsx';
import { TargetRow } from './TargetRow.tsx';
import { settingsWords } from './words.ts';

const TONES = { pending: rows.warn, delivered: rows.good, failed: rows.bad } as const;

/** Who is told when a recording is done, and what they were told. */
export function NotificationsSection() {
  const words = useWords(settingsWords).people;
  const common = useWords(commonWords);
  const isAdmin = mayDo(useScope(), 'admin');
  const [adding, setAdding] = useState(false);
  const { data, error } = useQuery(targetsQuery);
  return (
    <>
      <Card
        title={words.targets}
        actions={
          !adding && (
            <Button icon={<Plus />} onClick={() => setAdding(true)}>
              {words.addTarget}
            </Button>
          )
        }
      >
        <p className={rows.about}>{words.targetsAbout}</p>
        {adding && <TargetForm onClose={() => setAdding(false)} />}
        <ProblemNote error={error} />
        {!data && !error && <Loading label={common.loading} />}
        {data?.targets.length === 0 && !adding && (
          <p className={rows.faint}>
            <Bell size="1em" aria-hidden="true" /> {words.noTargets}
          </p>
        )}
        <ul className={rows.rows}>
          {data?.targets.map((target) => (
            <TargetRow key={target.id} target={target} />
          ))}
        </ul>
      </Card>
      {isAdmin && <SettingsForm title={words.mail} names={['smtpUrl', 'mailFrom', 'mailTo']} />}
      <Log />
    </>
  );
}

function Log() {
  const words = useWords(settingsWords).people;
  const { data, error } = useQuery(deliveriesQuery);
  return (
    <Card title={words.log}>
      <p className={rows.about}>{words.logAbout}</p>
      <ProblemNote error={error} />
      {data?.deliveries.length === 0 && <p className={rows.faint}>{words.noLog}</p>}
      <ul className={rows.rows}>
        {data?.deliveries.map((delivery) => (
          <LogRow key={delivery.id} delivery={delivery} />
        ))}
      </ul>
    </Card>
  );
}

function LogRow({ delivery }: { delivery: Delivery }) {
  const words = useWords(settingsWords).people;
  const { event, job, address, status, triedAt, createdAt, nextAt, httpStatus, error } = delivery;
  const facts = [
    address,
    ...(httpStatus === null ? [] : [words.answered(httpStatus)]),
    ...(nextAt === null || status !== 'pending' ? [] : [words.nextTry(moment(nextAt))]),
  ];
  return (
    <li className={rows.row}>
      <div className={rows.line}>
        <div className={rows.what}>
          <span className={rows.name}>{job === null ? words.events[event] : words.job(job)}</span>
          {job !== null && ` ${words.events[event]}`}
          <p className={rows.faint}>{facts.join(' · ')}</p>
          {error && status !== 'delivered' && <p className={rows.faint}>{error}</p>}
        </div>
        <time className={rows.faint} dateTime={triedAt ?? createdAt}>
          {moment(triedAt ?? createdAt)}
        </time>
        <span className={`${rows.tag} ${TONES[status]}`}>{words.delivery[status]}</span>
      </div>
    </li>
  );
}
