import { useQuery } from '@tanstack/react-query';
import { Search } from 'lucide-react';
import { useState } from 'react';
import type { Setting, SettingName } from '../../api-types.ts';
import { Button } from '../../components/Button.tsx';
import { TextField } from '../../components/Field.tsx';
import { Card, Empty, Loading } from '../../components/Page.tsx';
import { ProblemNote } from '../../components/ProblemNote.tsx';
import { useWords } from '../../words/catalogue.ts';
import { commonWords } from '../../words/common.ts';
import styles from './AllSettings.module.css';
import rows from './Rows.module.css';
import { Fields } from './SettingsForm.tsx';
import { useSettingNames } from './setting-names.ts';
import { settingsQuery } from './settings-queries.ts';
import { settingsWords } from './words.ts';

/** Every setting: what it is, what it is set to, and who says so. */
export function AllSettingsSection() {
  const words = useWords(settingsWords).people;
  const common = useWords(commonWords);
  const names = useSettingNames();
  const { data, error } = useQuery(settingsQuery);
  const [sought, setSought] = useState('');
  const parts = sought.toLowerCase().split(/\s+/).filter(Boolean);
  const found = data?.settings.filter((setting) => {
    const { name, variable, about } = setting;
    const text = [names.name(name), names.about(setting), name, variable, about].join(' ').toLowerCase();
    return parts.every((part) => text.includes(part));
  });
  return (
    <Card>
      <p className={rows.about}>{words.all}</p>
      <TextField
        label={words.search}
        type="search"
        value={sought}
        spellCheck={false}
        onChange={({ target }) => setSought(target.value)}
      />
      <ProblemNote error={error} />
      {!data && !error && <Loading label={common.loading} />}
      {found?.length === 0 && <Empty icon={<Search />} title={words.nothingFound} />}
      {data && found && found.length > 0 && (
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{words.columns.setting}</th>
              <th scope="col">{words.columns.value}</th>
              <th scope="col">{words.columns.source}</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {found.map((setting) => (
              <Row key={setting.name} setting={setting} settings={data.settings} />
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}

function Row({ setting, settings }: { setting: Setting; settings: readonly Setting[] }) {
  const words = useWords(settingsWords).people;
  const names = useSettingNames();
  const [open, setOpen] = useState(false);
  const name = names.name(setting.name);
  return (
    <>
      <tr>
        <th scope="row">
          {name}
          <code className={styles.variable}>{setting.variable}</code>
          <span className={styles.about}>{names.about(setting) ?? setting.about}</span>
        </th>
        <td className={styles.value}>{names.value(setting, setting.value)}</td>
        <td className={styles.source}>{words.sources[setting.source]}</td>
        <td className={styles.action}>
          {setting.changeable && (
            <Button size="s" aria-expanded={open} aria-label={words.changeOf(name)} onClick={() => setOpen(!open)}>
              {words.change}
            </Button>
          )}
        </td>
      </tr>
      {open && (
        <tr>
          <td colSpan={4} className={styles.form}>
            <Fields names={[setting.name as SettingName]} settings={settings} />
          </td>
        </tr>
      )}
    </>
  );
}
