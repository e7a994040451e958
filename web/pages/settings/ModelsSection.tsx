import { useMutation, useQuery } from '@tanstack/react-query';
import { Check, CircleStop, Download, Trash2 } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { Model, ModelPull } from '../../api-types.ts';
import { ask, ProblemError } from '../../client.ts';
import { Button } from '../../components/Button.tsx';
import { Card, Loading } from '../../components/Page.tsx';
import { ProblemNote } from '../../components/ProblemNote.tsx';
import { ProgressBar } from '../../components/ProgressBar.tsx';
import { inBytes, percent } from '../../format.ts';
import { usePulls } from '../../live.ts';
import { modelsQuery } from '../../queries.ts';
import { useWords } from '../../words/catalogue.ts';
import { commonWords } from '../../words/common.ts';
import { AskDialog } from './AskDialog.tsx';
import rows from './Rows.module.css';
import { SettingsForm } from './SettingsForm.tsx';
import { mayDo, useScope } from './scope.ts';
import { modelsChanged, settingsQuery } from './settings-queries.ts';
import { settingsWords } from './words.ts';

/** What there is to recognise with: installed, or to be had. */
export function ModelsSection() {
  const words = useWords(settingsWords).recognition;
  const common = useWords(commonWords);
  const isAdmin = mayDo(useScope(), 'admin');
  const { data, error } = useQuery({ ...modelsQuery, staleTime: 0 });
  const pulls = usePulls();
  const { data: settings } = useQuery({ ...settingsQuery, enabled: isAdmin });
  const limit = settings?.settings.find(({ name }) => name === 'maxMemoryBytes')?.value;
  // A download that has just ended has changed what is installed.
  const complete = pulls.filter(({ status }) => status === 'complete').length;
  useEffect(() => {
    if (complete > 0) void modelsChanged();
  }, [complete]);
  return (
    <>
      <Card title={words.models}>
        <p className={rows.about}>{words.modelsAbout}</p>
        <ProblemNote error={error} />
        {!data && !error && <Loading label={common.loading} />}
        <ul className={rows.rows}>
          {data?.models.map((model) => (
            <ModelRow
              key={model.name}
              model={model}
              pull={pulls.find(({ name }) => name === model.name)}
              isAdmin={isAdmin}
              memoryLimit={typeof limit === 'number' ? limit : undefined}
            />
          ))}
        </ul>
      </Card>
      {isAdmin && <SettingsForm title={words.source} names={['modelMirror']} />}
    </>
  );
}

interface ModelRowProps {
  model: Model;
  pull: ModelPull | undefined;
  isAdmin: boolean;
  /** Bytes that a recording may use. */
  memoryLimit: number | undefined;
}

function ModelRow({ model, pull, isAdmin, memoryLimit }: ModelRowProps) {
  const words = useWords(settingsWords).recognition;
  const { name, sizeBytes, memoryBytes, installed, inCatalogue } = model;
  const tooLarge = memoryLimit !== undefined && memoryBytes > memoryLimit;
  return (
    <li className={rows.row} aria-label={name}>
      <div className={rows.line}>
        <div className={rows.what}>
          <span className={rows.name}>{name}</span>
          <span className={rows.tags}>
            {installed && (
              <span className={`${rows.tag} ${rows.good}`}>
                <Check aria-hidden="true" />
                {words.installed}
              </span>
            )}
            {!inCatalogue && <span className={rows.tag}>{words.own}</span>}
          </span>
          <p className={rows.faint}>
            {inBytes(sizeBytes)} · {words.needs(inBytes(memoryBytes))}
          </p>
          {tooLarge && <p className={rows.faint}>{words.tooLarge(inBytes(memoryLimit))}</p>}
          {model.problem && <p className={rows.faint}>{model.problem}</p>}
        </div>
        {isAdmin && <ModelActions model={model} pull={pull} />}
      </div>
      {pull?.status === 'pulling' && (
        <>
          <ProgressBar value={shareOf(pull)} label={words.downloading(name)} />
          <p className={rows.faint} data-figure="">
            {percent(shareOf(pull))} · {words.received(inBytes(pull.receivedBytes), inBytes(pull.totalBytes))}
            {pull.retry && ` · ${pull.retry}`}
          </p>
        </>
      )}
    </li>
  );
}

function shareOf({ receivedBytes, totalBytes }: ModelPull): number {
  return totalBytes === 0 ? 0 : (receivedBytes / totalBytes) * 100;
}

function ModelActions({ model, pull }: { model: Model; pull: ModelPull | undefined }) {
  const words = useWords(settingsWords).recognition;
  const [asking, setAsking] = useState(false);
  const { name, installed, path, sizeBytes, inCatalogue } = model;
  const install = useMutation({
    mutationFn: () => ask('POST', '/api/models', { name }),
  });
  const stop = useMutation({
    mutationFn: () => ask('DELETE', `/api/models/pulls/${encodeURIComponent(name)}`),
  });
  const isPulling = pull?.status === 'pulling';
  const wasStopped = pull?.status === 'cancelled' && !installed;
  return (
    <div className={rows.actions}>
      {isPulling && (
        <Button
          size="s"
          icon={<CircleStop />}
          busy={stop.isPending}
          onClick={() => stop.mutate()}
          aria-label={words.stopOf(name)}
        >
          {words.stop}
        </Button>
      )}
      {!isPulling && !installed && inCatalogue && (
        <Button
          size="s"
          icon={<Download />}
          busy={install.isPending}
          onClick={() => install.mutate()}
          aria-label={wasStopped ? words.goOnOf(name) : words.installOf(name)}
        >
          {wasStopped ? words.goOn : words.install}
        </Button>
      )}
      {!isPulling && path !== undefined && (
        <Button
          kind="danger"
          size="s"
          icon={<Trash2 />}
          onClick={() => setAsking(true)}
          aria-label={words.removeOf(name)}
        >
          {words.remove}
        </Button>
      )}
      {wasStopped && (
        <p className={rows.faint} role="status">
          {words.stopped}
        </p>
      )}
      <ProblemNote error={install.error ?? stop.error ?? (pull?.status === 'failed' ? failureOf(pull) : null)} />
      {asking && (
        <AskDialog
          title={words.removeTitle(name)}
          about={(inCatalogue ? words.removeAbout : words.removeOwnAbout)(inBytes(sizeBytes))}
          confirm={words.removeConfirm}
          keep={words.keep}
          onClose={() => setAsking(false)}
          onConfirm={async () => {
            await ask('DELETE', `/api/models/${encodeURIComponent(name)}`);
            await modelsChanged();
          }}
        />
      )}
    </div>
  );
}

function failureOf({ problem }: ModelPull): ProblemError | null {
  return problem && new ProblemError(problem);
}
