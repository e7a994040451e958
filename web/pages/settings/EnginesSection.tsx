import { useQuery } from '@tanstack/react-query';
import { Check } from 'lucide-react';
import type { Engines } from '../../api-types.ts';
import { Card, Loading } from '../../components/Page.tsx';
import { Note, ProblemNote } from '../../components/ProblemNote.tsx';
import { useWords } from '../../words/catalogue.ts';
import { commonWords } from '../../words/common.ts';
import rows from './Rows.module.css';
import { SettingsForm } from './SettingsForm.tsx';
import { mayDo, useScope } from './scope.ts';
import { enginesQuery } from './settings-queries.ts';
import { settingsWords } from './words.ts';

/** The programs that recognise speech: which can be used, and how to get the others. */
export function EnginesSection() {
  const words = useWords(settingsWords).recognition;
  const common = useWords(commonWords);
  const isAdmin = mayDo(useScope(), 'admin');
  const { data, error } = useQuery({ ...enginesQuery, staleTime: 0 });
  return (
    <>
      <Card title={words.engines}>
        <p className={rows.about}>{words.enginesAbout}</p>
        <ProblemNote error={error} />
        {!data && !error && <Loading label={common.loading} />}
        <ul className={rows.rows}>
          {data?.engines.map((engine) => (
            <EngineRow key={engine.name} engine={engine} isAuto={data.auto === engine.name} />
          ))}
        </ul>
      </Card>
      {isAdmin && <SettingsForm title={words.server} names={['openaiUrl', 'openaiKey']} />}
    </>
  );
}

function EngineRow({ engine, isAuto }: { engine: Engines['engines'][number]; isAuto: boolean }) {
  const words = useWords(settingsWords).recognition;
  const { label, usable, problem, languages, detectsLanguage } = engine;
  const facts = [
    languages === null ? words.anyLanguage : words.languages(languages.length),
    ...(detectsLanguage ? [words.detects] : []),
  ];
  return (
    <li className={rows.row}>
      <div className={rows.what}>
        <span className={rows.name}>{label}</span>
        <span className={rows.tags}>
          <span className={`${rows.tag} ${usable ? rows.good : ''}`}>
            {usable && <Check aria-hidden="true" />}
            {usable ? words.usable : words.unusable}
          </span>
          {isAuto && <span className={rows.tag}>{words.used}</span>}
        </span>
        <p className={rows.faint}>{facts.join(' · ')}</p>
      </div>
      {problem && (
        <Note>
          <p>{problem.sentence}</p>
          {problem.remedy && <p>{problem.remedy}</p>}
        </Note>
      )}
    </li>
  );
}
