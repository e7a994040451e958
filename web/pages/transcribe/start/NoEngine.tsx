import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { Engines, ModelPull } from '../../../api-types.ts';
import { ask } from '../../../client.ts';
import { Button } from '../../../components/Button.tsx';
import { Card } from '../../../components/Page.tsx';
import { Note, ProblemNote } from '../../../components/ProblemNote.tsx';
import { ProgressBar } from '../../../components/ProgressBar.tsx';
import { inBytes } from '../../../format.ts';
import { usePulls } from '../../../live.ts';
import { keys, queryClient, sessionQuery } from '../../../queries.ts';
import { useWords } from '../../../words/catalogue.ts';
import { partWords } from '../part-words.ts';
import { enginesQuery } from '../queries.ts';
import rows from '../Rows.module.css';
import styles from './NoEngine.module.css';

/** Small enough to be there soon, and good enough to begin with. */
const FIRST_MODEL = 'base';

/** Nothing can turn speech into text here yet: what is missing, and a way to get it. */
export default function NoEngine() {
  const words = useWords(partWords).engine;
  const { data: session } = useQuery(sessionQuery);
  const { data: engines, error } = useQuery(enginesQuery);
  const mayInstall = session?.caller?.scope === 'admin';
  const whisper = engines?.engines.find(({ name }) => name === 'whisper');
  const lacksModel = whisper !== undefined && !whisper.models.some(({ installed }) => installed);
  return (
    <Card title={words.noEngine}>
      <p className={rows.facts}>{words.noEngineAbout}</p>
      <ProblemNote error={error} />
      {!mayInstall && <p>{words.noEngineAsk}</p>}
      {engines && mayInstall && (
        <dl className={styles.engines}>
          {engines.engines.map(
            ({ name, label, problem }) =>
              problem && (
                <div key={name}>
                  <dt>{label}</dt>
                  <dd>
                    {problem.sentence} {problem.remedy}
                  </dd>
                </div>
              ),
          )}
        </dl>
      )}
      {mayInstall && lacksModel && whisper && <Install engine={whisper} />}
    </Card>
  );
}

function Install({ engine }: { engine: Engines['engines'][number] }) {
  const words = useWords(partWords).engine;
  const model = engine.models.find(({ name }) => name === FIRST_MODEL);
  const last = usePulls().find(({ name }) => name === FIRST_MODEL);
  const install = useMutation({
    mutationFn: () => ask('POST', '/api/models', { name: FIRST_MODEL }),
  });
  const stop = useMutation({
    mutationFn: () => ask('DELETE', `/api/models/pulls/${FIRST_MODEL}`),
  });
  const status = last?.status;
  useEffect(() => {
    if (status !== 'complete') return;
    void queryClient.invalidateQueries({ queryKey: keys.models });
    void queryClient.invalidateQueries({ queryKey: keys.queue });
  }, [status]);

  if (!model) return null;
  if (last?.status === 'pulling') return <Installing pull={last} onStop={() => stop.mutate()} />;
  return (
    <>
      {last?.status === 'complete' && (
        <Note tone="good" role="status">
          <p>{words.installed(FIRST_MODEL)}</p>
        </Note>
      )}
      {last?.problem && (
        <Note tone="bad" role="alert">
          <p>{last.problem.detail}</p>
          {last.problem.remedy && <p>{last.problem.remedy}</p>}
        </Note>
      )}
      <ProblemNote error={install.error ?? stop.error} />
      <div className={styles.install}>
        <Button kind="primary" busy={install.isPending} onClick={() => install.mutate()}>
          {words.install(FIRST_MODEL, inBytes(model.sizeBytes ?? 0))}
        </Button>
        <span className={rows.facts}>{words.largerModels}</span>
      </div>
    </>
  );
}

function Installing({ pull, onStop }: { pull: ModelPull; onStop(): void }) {
  const words = useWords(partWords).engine;
  const { name, receivedBytes, totalBytes, retry } = pull;
  return (
    <div className={styles.installing}>
      <p>{words.installing(name)}</p>
      <ProgressBar
        value={totalBytes > 0 ? (receivedBytes / totalBytes) * 100 : 0}
        label={words.installing(name)}
        tone={retry ? 'warn' : 'work'}
      />
      <p className={rows.facts} data-figure="">
        {inBytes(receivedBytes)} / {inBytes(totalBytes)}
      </p>
      {retry && <p className={rows.warn}>{words.installWaits(retry)}</p>}
      <div>
        <Button size="s" onClick={onStop}>
          {words.installStop}
        </Button>
      </div>
    </div>
  );
}
