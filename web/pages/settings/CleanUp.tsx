import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Sparkles } from 'lucide-react';
import type { CleanUp } from '../../api-types.ts';
import { ask } from '../../client.ts';
import { Button } from '../../components/Button.tsx';
import { Card } from '../../components/Page.tsx';
import { Note, ProblemNote } from '../../components/ProblemNote.tsx';
import { inBytes } from '../../format.ts';
import { useWords } from '../../words/catalogue.ts';
import styles from './HealthSection.module.css';
import rows from './Rows.module.css';
import { healthQuery, refresh } from './settings-queries.ts';
import { settingsWords } from './words.ts';

const TONES = { critical: 'bad', warning: 'warn', info: 'plain' } as const;

/** How the work is watched over, and a round of cleaning up by hand. */
export function CleanUpCard() {
  const words = useWords(settingsWords).upkeep;
  const { data: health, error: unknown } = useQuery(healthQuery);
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: () => ask<CleanUp>('POST', '/api/cleanup'),
    onSuccess: () => refresh('health', 'storage', 'doctor'),
  });
  return (
    <Card
      title={words.supervision}
      actions={
        <Button icon={<Sparkles />} busy={isPending} onClick={() => mutate()}>
          {words.cleanUp}
        </Button>
      }
    >
      <ProblemNote error={unknown} />
      {health && (
        <>
          <dl className={styles.figures}>
            {(['active', 'stuck', 'orphaned'] as const).map((kind) => (
              <div key={kind}>
                <dt>{words.watched[kind]}</dt>
                <dd data-figure="">{health[`${kind}_count`]}</dd>
              </div>
            ))}
          </dl>
          {health.alerts.map(({ metric, level, message }) => (
            <Note key={`${metric} ${message}`} tone={TONES[level]}>
              <p>{message}</p>
            </Note>
          ))}
          {health.obstacles.map(({ code, message, remedy }) => (
            <Note key={code} tone="bad">
              <p>
                <strong>{message}</strong>
              </p>
              {remedy && <p>{remedy}</p>}
            </Note>
          ))}
          {health.alerts.length + health.obstacles.length === 0 && <p className={rows.about}>{words.noAlerts}</p>}
        </>
      )}
      <p className={rows.about}>{words.cleanUpAbout}</p>
      <ProblemNote error={error} />
      {data && <Outcome done={data} />}
    </Card>
  );
}

/** What it did, in words. */
function Outcome({ done }: { done: CleanUp }) {
  const words = useWords(settingsWords).upkeep;
  const { recovered, strays, survivors, cleaned } = done;
  const killed = strays.length + recovered.reduce((sum, one) => sum + one.killed.length, 0);
  const sentences = [
    ...(killed > 0 ? [words.ended(killed)] : []),
    ...(cleaned.logs.files > 0 ? [words.logs(cleaned.logs.files, inBytes(cleaned.logs.bytes))] : []),
    ...(cleaned.jobs > 0 ? [words.leftOver(cleaned.jobs)] : []),
    ...(cleaned.uploads > 0 ? [words.uploads(cleaned.uploads)] : []),
    ...(survivors.length > 0 ? [words.survivors(survivors.join(', '))] : []),
  ];
  return (
    <Note tone={survivors.length > 0 ? 'warn' : 'good'} role="status">
      <ul className={styles.outcome}>
        {recovered.map(({ jobId, status }) => (
          <li key={jobId}>
            {words.recovered(jobId, status)}{' '}
            <Link to="/jobs/$id" params={{ id: String(jobId) }}>
              {words.show}
            </Link>
          </li>
        ))}
        {sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
        {recovered.length + sentences.length === 0 && <li>{words.nothing}</li>}
      </ul>
    </Note>
  );
}
