/** Sections that are settings and little else. */
import { useQuery } from '@tanstack/react-query';
import type { Engines } from '../../api-types.ts';
import { Note } from '../../components/ProblemNote.tsx';
import { moment } from '../../format.ts';
import { queueQuery } from '../../queries.ts';
import { useLanguage, useWords, type WordsOf } from '../../words/catalogue.ts';
import { SettingsForm } from './SettingsForm.tsx';
import { enginesQuery, settingsQuery } from './settings-queries.ts';
import { settingsWords } from './words.ts';

/** What a new recording begins with. */
export function DefaultsSection() {
  const words = useWords(settingsWords).recognition;
  const language = useLanguage();
  const { data: engines } = useQuery(enginesQuery);
  const { data: settings } = useQuery(settingsQuery);
  const now = (name: string) => String(settings?.settings.find((one) => one.name === name)?.value ?? 'auto');
  return (
    <>
      <SettingsForm
        title={words.defaults}
        about={words.defaultsAbout}
        names={['engine', 'model', 'language', 'onLeave']}
        offers={{
          model: { choices: withNow(modelsOf(engines, words), now('model')) },
          language: { choices: withNow(languagesOf(engines, language, words.languageAuto), now('language')) },
        }}
      />
      <SettingsForm
        title={words.work}
        names={['processes', 'workers', 'preprocessWorkers', 'chunkDurationSeconds', 'overlapSeconds']}
      />
    </>
  );
}

type Choice = readonly [value: string, name: string];

function modelsOf(engines: Engines | undefined, words: WordsOf<typeof settingsWords>['recognition']): Choice[] {
  const models = engines?.engines.flatMap((engine) => engine.models) ?? [];
  return [
    ['auto', words.modelAuto],
    ...models.map(({ name, installed }): Choice => [name, installed ? name : words.notInstalled(name)]),
  ];
}

function languagesOf(engines: Engines | undefined, shown: string, auto: string): Choice[] {
  const names = new Intl.DisplayNames([shown], { type: 'language', fallback: 'code' });
  const tags = new Set(engines?.engines.flatMap(({ languages }) => languages ?? []));
  const choices = [...tags].map((tag): Choice => [tag, names.of(tag) ?? tag]);
  return [['auto', auto], ...choices.sort(([, a], [, b]) => a.localeCompare(b, shown))];
}

/** What is set now is always offered, whatever it is, such as a file. */
function withNow(choices: Choice[], now: string): Choice[] {
  const unique = choices.filter(([value], at) => choices.findIndex(([other]) => other === value) === at);
  return unique.some(([value]) => value === now) ? unique : [...unique, [now, now]];
}

/** How much at once, and how much each may take. */
export function LimitsSection() {
  const words = useWords(settingsWords).recognition;
  return (
    <>
      <SettingsForm title={words.queue} names={['maxConcurrent', 'queueEnabled', 'maxRetries', 'niceness']} />
      <SettingsForm
        title={words.each}
        names={['maxMemoryBytes', 'cpuLimit', 'timeoutSeconds', 'chunkTimeoutSeconds', 'maxUploadBytes']}
      />
    </>
  );
}

/** When work may go on. */
export function HoursSection() {
  const words = useWords(settingsWords).recognition;
  const { data: settings } = useQuery(settingsQuery);
  const { data: queue } = useQuery(queueQuery);
  const hours = settings?.settings.find(({ name }) => name === 'quietHours')?.value ?? null;
  const { always, open, closed } = words.hoursNow;
  return (
    <SettingsForm
      title={words.hours}
      about={words.hoursAbout}
      names={['quietHours', 'timeZone']}
      offers={{ timeZone: { suggestions: Intl.supportedValuesOf('timeZone') } }}
    >
      {settings && queue && (
        <Note role="status">
          <p>{hours === null ? always : queue.opensAt === null ? open : closed(moment(queue.opensAt))}</p>
        </Note>
      )}
    </SettingsForm>
  );
}
