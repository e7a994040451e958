import { useQuery } from '@tanstack/react-query';
import { Search as SearchIcon, SlidersHorizontal, X } from 'lucide-react';
import { useEffect, useId, useRef, useState } from 'react';
import { Button, IconButton } from '../../components/Button.tsx';
import { SelectField, TextField } from '../../components/Field.tsx';
import { modelsQuery } from '../../queries.ts';
import { useWords } from '../../words/catalogue.ts';
import { commonWords } from '../../words/common.ts';
import styles from './Filters.module.css';
import { isFiltered, LENGTHS, type Length, type Search, SORTS, type Sort, STATUSES } from './search.ts';
import { historyWords } from './words.ts';

/** After the last letter. */
const TYPING_MS = 250;

interface FiltersProps {
  search: Search;
  onChange(next: Partial<Search>): void;
  busy: boolean;
}

export function Filters({ search, onChange, busy }: FiltersProps) {
  const words = useWords(historyWords);
  const [open, setOpen] = useState(
    search.from !== '' || search.to !== '' || search.model !== '' || search.length !== '',
  );
  const panel = useId();
  return (
    <search className={styles.filters}>
      <div className={styles.line}>
        <SearchBox value={search.q} onChange={(q) => onChange({ q })} busy={busy} />
        <label className={styles.sort}>
          <span className="visually-hidden">{words.sortBy}</span>
          <select value={search.sort} onChange={({ target }) => onChange({ sort: target.value as Sort })}>
            {SORTS.map((sort) => (
              <option key={sort} value={sort}>
                {words.sorts[sort]}
              </option>
            ))}
          </select>
        </label>
        <Button icon={<SlidersHorizontal />} aria-expanded={open} aria-controls={panel} onClick={() => setOpen(!open)}>
          {words.filters}
        </Button>
      </div>
      <StatusChips search={search} onChange={onChange} />
      <div id={panel} className={styles.panel} hidden={!open}>
        <MoreFilters search={search} onChange={onChange} />
        {isFiltered(search) && (
          <Button
            kind="quiet"
            icon={<X />}
            onClick={() => onChange({ q: '', status: [], from: '', to: '', model: '', length: '' })}
          >
            {words.clear}
          </Button>
        )}
      </div>
    </search>
  );
}

function SearchBox({ value, onChange, busy }: { value: string; onChange(next: string): void; busy: boolean }) {
  const words = useWords(historyWords);
  const [typed, setTyped] = useState(value);
  const sent = useRef(value);
  // The address was changed by something else, such as the browser's way back.
  useEffect(() => {
    if (value !== sent.current) setTyped(value);
    sent.current = value;
  }, [value]);
  useEffect(() => {
    if (typed === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = typed;
      onChange(typed);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, onChange]);
  return (
    <div className={styles.search} aria-busy={busy}>
      <SearchIcon aria-hidden="true" />
      <input
        type="search"
        value={typed}
        maxLength={200}
        onChange={({ target }) => setTyped(target.value)}
        placeholder={words.searchHint}
        aria-label={words.search}
      />
      {typed !== '' && (
        <IconButton label={words.clearSearch} onClick={() => setTyped('')}>
          <X />
        </IconButton>
      )}
    </div>
  );
}

/** Each can be on; none means all. */
function StatusChips({ search: { status }, onChange }: Pick<FiltersProps, 'search' | 'onChange'>) {
  const words = useWords(historyWords);
  const common = useWords(commonWords);
  return (
    <fieldset className={styles.chips}>
      <legend className="visually-hidden">{words.status}</legend>
      {STATUSES.map((name) => (
        <label key={name} className={styles.chip}>
          <input
            type="checkbox"
            className="visually-hidden"
            checked={status.includes(name)}
            onChange={({ target }) =>
              onChange({ status: STATUSES.filter((one) => (one === name ? target.checked : status.includes(one))) })
            }
          />
          <span>{common.status[name]}</span>
        </label>
      ))}
    </fieldset>
  );
}

function MoreFilters({ search, onChange }: Pick<FiltersProps, 'search' | 'onChange'>) {
  const words = useWords(historyWords);
  const { data } = useQuery(modelsQuery);
  const models = [
    ...new Set([...(data?.models ?? []).filter(({ installed }) => installed).map(({ name }) => name), 'en-us']),
  ];
  const modelChoices = search.model === '' || models.includes(search.model) ? models : [...models, search.model];
  return (
    <div className={styles.fields}>
      <TextField
        label={words.from}
        type="date"
        value={search.from}
        max={search.to || undefined}
        onChange={({ target }) => onChange({ from: target.value })}
      />
      <TextField
        label={words.to}
        type="date"
        value={search.to}
        min={search.from || undefined}
        onChange={({ target }) => onChange({ to: target.value })}
      />
      <SelectField
        label={words.length}
        value={search.length}
        onChange={({ target }) => onChange({ length: target.value as Length | '' })}
        choices={[
          ['', words.any],
          ...(Object.keys(LENGTHS) as Length[]).map((name) => [name, words.lengths[name]] as const),
        ]}
      />
      <SelectField
        label={words.model}
        value={search.model}
        onChange={({ target }) => onChange({ model: target.value })}
        choices={[['', words.any], ...modelChoices.map((name) => [name, name] as const)]}
      />
    </div>
  );
}
