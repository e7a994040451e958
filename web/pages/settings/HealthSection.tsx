import { useQuery } from '@tanstack/react-query';
import { Check, CircleAlert, CircleX, Minus, RefreshCw } from 'lucide-react';
import type { Doctor } from '../../api-types.ts';
import { Button } from '../../components/Button.tsx';
import { Card, Loading } from '../../components/Page.tsx';
import { Note, ProblemNote } from '../../components/ProblemNote.tsx';
import { inBytes, moment } from '../../format.ts';
import { serviceQuery } from '../../queries.ts';
import { useWords } from '../../words/catalogue.ts';
import { CleanUpCard } from './CleanUp.tsx';
import styles from './HealthSection.module.css';
import rows from './Rows.module.css';
import { doctorQuery } from './settings-queries.ts';
import { settingsWords } from './words.ts';

type CheckState = Doctor['checks'][number]['state'] | 'optional';

const ICONS = { ok: Check, optional: Minus, warning: CircleAlert, failed: CircleX } as const;
const TONES = { healthy: 'good', degraded: 'warn', unhealthy: 'bad' } as const;

export function HealthSection() {
  return (
    <>
      <Checks />
      <CleanUpCard />
      <ServiceFactsCard />
    </>
  );
}

function Checks() {
  const words = useWords(settingsWords).upkeep;
  const { data, error, isFetching, refetch } = useQuery(doctorQuery);
  return (
    <Card
      title={words.checks}
      actions={
        <Button size="s" icon={<RefreshCw />} busy={isFetching} onClick={() => void refetch()}>
          {words.again}
        </Button>
      }
    >
      <ProblemNote error={error} />
      {!data && !error && <Loading label={words.checking} />}
      {data && (
        <>
          <Note tone={TONES[data.status]} role="status">
            <p>
              <strong>{words.verdict[data.status]}</strong>
            </p>
            <p>{words.checkedAt(moment(data.at))}</p>
          </Note>
          <Found checks={data.checks} />
        </>
      )}
    </Card>
  );
}

/** What needs somebody, and the rest for who wants to know. */
function Found({ checks }: Pick<Doctor, 'checks'>) {
  const words = useWords(settingsWords).upkeep;
  const rowsOf = (some: Doctor['checks']) => (
    <ul className={rows.rows}>
      {some.map((check) => (
        <CheckRow key={`${check.name} ${check.sentence}`} check={check} state={stateOf(check)} />
      ))}
    </ul>
  );
  const inState = (...states: CheckState[]) =>
    states.flatMap((state) => checks.filter((check) => stateOf(check) === state));
  const open = inState('failed', 'warning');
  const rest = inState('ok', 'optional');
  return (
    <>
      {open.length > 0 && rowsOf(open)}
      <details className={styles.rest}>
        <summary>{words.fine(rest.length)}</summary>
        {rowsOf(rest)}
      </details>
    </>
  );
}

function stateOf({ state, optional }: Doctor['checks'][number]): CheckState {
  return optional ? 'optional' : state;
}

function CheckRow({ check, state }: { check: Doctor['checks'][number]; state: CheckState }) {
  const words = useWords(settingsWords).upkeep;
  const Icon = ICONS[state];
  return (
    <li className={rows.row}>
      <div className={styles.check}>
        <Icon className={`${styles.icon} ${styles[state]}`} role="img" aria-label={words.state[state]} />
        <div className={rows.what}>
          <span className={rows.name}>{check.name}</span> <span className={styles.sentence}>{check.sentence}</span>
          {check.remedy && <p className={rows.faint}>{check.remedy}</p>}
        </div>
      </div>
    </li>
  );
}

function ServiceFactsCard() {
  const words = useWords(settingsWords).upkeep;
  const { data, error } = useQuery({ ...serviceQuery, staleTime: 0 });
  return (
    <Card title={words.service}>
      <ProblemNote error={error} />
      {data && (
        <dl className={rows.facts}>
          <dt>{words.facts.since}</dt>
          <dd>{moment(data.since)}</dd>
          <dt>{words.facts.jobs}</dt>
          <dd>{words.jobs(data.jobs.running, data.jobs.waiting)}</dd>
          <dt>{words.facts.memory}</dt>
          <dd data-figure="">{inBytes(data.memoryBytes)}</dd>
          <dt>{words.facts.address}</dt>
          <dd>{data.address ?? '–'}</dd>
          <dt>{words.facts.process}</dt>
          <dd data-figure="">{data.process.pid}</dd>
        </dl>
      )}
    </Card>
  );
}
