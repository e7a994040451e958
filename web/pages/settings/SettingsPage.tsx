import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { SelectField } from '../../components/Field.tsx';
import { Empty, Page } from '../../components/Page.tsx';
import { Note } from '../../components/ProblemNote.tsx';
import { useWords } from '../../words/catalogue.ts';
import { CommandLine } from './CommandLine.tsx';
import styles from './SettingsPage.module.css';
import { useScope } from './scope.ts';
import { sectionsFor } from './sections.ts';
import { useSettingNames } from './setting-names.ts';
import { settingsQuery } from './settings-queries.ts';
import { settingsWords } from './words.ts';

/** Everything that can be set and looked after, section by section, each at an address of its own. */
export function SettingsPage() {
  const words = useWords(settingsWords).page;
  const scope = useScope();
  const navigate = useNavigate();
  const sections = sectionsFor(scope);
  const { section: wanted } = useParams({ strict: false });
  const shown = wanted === undefined ? sections[0] : sections.find(({ id }) => id === wanted);
  return (
    <Page title={words.title} width="wide">
      {scope === 'admin' && <RestartNote />}
      <div className={styles.columns}>
        <nav className={styles.list} aria-label={words.sections}>
          {sections.map(({ id, icon: Icon }) => (
            <Link
              key={id}
              to="/settings/$section"
              params={{ section: id }}
              className={styles.link}
              aria-current={id === shown?.id ? 'page' : undefined}
              data-shown={id === shown?.id || undefined}
            >
              <Icon aria-hidden="true" />
              {words.names[id]}
            </Link>
          ))}
        </nav>
        <div className={styles.select}>
          <SelectField
            label={words.section}
            value={shown?.id ?? ''}
            onChange={({ target }) => void navigate({ to: '/settings/$section', params: { section: target.value } })}
            choices={[
              ...(shown ? [] : [['', '–'] as const]),
              ...sections.map(({ id }) => [id, words.names[id]] as const),
            ]}
          />
        </div>
        <div className={styles.content}>
          {shown ? (
            <>
              <h2 className="visually-hidden">{words.names[shown.id]}</h2>
              <shown.content key={shown.id} />
            </>
          ) : (
            <Empty title={words.noSection} />
          )}
        </div>
      </div>
    </Page>
  );
}

/** What was changed and does not hold yet. */
function RestartNote() {
  const words = useWords(settingsWords).page;
  const names = useSettingNames();
  const waiting = useQuery(settingsQuery).data?.waitingForRestart ?? [];
  if (waiting.length === 0) return null;
  return (
    <Note tone="warn" role="status">
      <p className={styles.strong}>{words.restart}</p>
      <p>{words.restartAbout(waiting.map(names.name).join(', '))}</p>
      <p>{words.restartHow}</p>
      <CommandLine command="longhand restart" />
    </Note>
  );
}
