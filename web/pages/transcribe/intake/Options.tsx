import { useQuery } from '@tanstack/react-query';
import type { Engines, Plan } from '../../../api-types.ts';
import { SelectField, TextField } from '../../../components/Field.tsx';
import { Loading } from '../../../components/Page.tsx';
import { ProblemNote } from '../../../components/ProblemNote.tsx';
import { locale } from '../../../format.ts';
import { useWords } from '../../../words/catalogue.ts';
import { commonWords } from '../../../words/common.ts';
import { languageName } from '../names.ts';
import { partWords } from '../part-words.ts';
import { enginesQuery } from '../queries.ts';
import styles from './Options.module.css';
import type { Wish } from './wish.ts';

/** Far from the ends, so that there is room for those who want to go before these. */
const BEFORE_ALL = '50';
const AFTER_ALL = '-50';

interface OptionsProps {
  wish: Wish;
  onWish(wish: Wish): void;
  plan: Plan | undefined;
}

/** What can be had otherwise than the settings say. */
export default function Options({ wish, onWish, plan }: OptionsProps) {
  const words = useWords(partWords).options;
  const common = useWords(commonWords);
  const { data, error } = useQuery(enginesQuery);
  if (error) return <ProblemNote error={error} />;
  if (!data) return <Loading label={common.loading} />;
  const engine = data.engines.find(({ name }) => name === (wish.engine || plan?.engine || data.auto));
  const set = (change: Partial<Wish>) => onWish({ ...wish, ...change });
  const { priorities, onLeaves } = words;
  return (
    <fieldset className={styles.options}>
      <legend className="visually-hidden">{words.options}</legend>
      <SelectField
        label={words.engine}
        hint={words.engineHint}
        value={wish.engine}
        // The models and languages of another engine are others.
        onChange={({ target }) => set({ engine: target.value, model: '' })}
        choices={[
          ['', words.choose],
          ...data.engines.map(({ name, label, usable }) => [name, usable ? label : words.notUsable(label)] as const),
        ]}
      />
      <SelectField
        label={words.model}
        hint={words.modelHint}
        value={wish.model}
        onChange={({ target }) => set({ model: target.value })}
        choices={[['', words.choose], ...modelsOf(engine)]}
      />
      <SelectField
        label={words.language}
        hint={words.languageHint}
        value={wish.language}
        onChange={({ target }) => set({ language: target.value })}
        choices={[['', words.choose], ...languagesOf(engine)]}
      />
      <SelectField
        label={words.priority}
        hint={words.priorityHint}
        value={wish.priority}
        onChange={({ target }) => set({ priority: target.value })}
        choices={[
          ['', priorities.normal],
          [BEFORE_ALL, priorities.high],
          [AFTER_ALL, priorities.low],
        ]}
      />
      <SelectField
        label={words.onLeave}
        hint={words.onLeaveHint}
        value={wish.onLeave}
        onChange={({ target }) => set({ onLeave: target.value as Wish['onLeave'] })}
        choices={[
          ['', onLeaves.set],
          ['continue', onLeaves.continue],
          ['cancel', onLeaves.cancel],
        ]}
      />
      <TextField
        label={words.email}
        hint={words.emailHint}
        type="email"
        autoComplete="email"
        value={wish.email}
        onChange={({ target }) => set({ email: target.value })}
      />
    </fieldset>
  );
}

type EngineView = Engines['engines'][number];

function modelsOf(engine: EngineView | undefined): (readonly [string, string])[] {
  const installed = engine?.models.filter((model) => model.installed) ?? [];
  return installed.map(({ name }) => [name, name] as const);
}

/** By name; without what an engine says of itself, those that the browser is set to. */
function languagesOf(engine: EngineView | undefined): (readonly [string, string])[] {
  const codes = engine?.languages ?? [...new Set(['en', 'th', ...navigator.languages.map((tag) => tag.slice(0, 2))])];
  const named = codes.map((code) => [code, languageName(code)] as const);
  return named.sort(([, a], [, b]) => a.localeCompare(b, locale()));
}
