import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import type { Setting, SettingName, SettingsChanged } from '../../api-types.ts';
import { ask, ProblemError } from '../../client.ts';
import { Button } from '../../components/Button.tsx';
import { Card, Loading } from '../../components/Page.tsx';
import { ProblemNote } from '../../components/ProblemNote.tsx';
import { useWords } from '../../words/catalogue.ts';
import { commonWords } from '../../words/common.ts';
import { SettingField, type SettingFieldProps } from './SettingField.tsx';
import styles from './SettingsForm.module.css';
import { type Draft, draftOf, faultOf, type Value, valueTyped } from './setting-values.ts';
import { settingsChanged, settingsQuery } from './settings-queries.ts';
import { settingsWords } from './words.ts';

interface SettingsFormProps {
  title?: ReactNode;
  about?: ReactNode;
  names: readonly SettingName[];
  /** What is offered for a setting beyond what it says itself. */
  offers?: Partial<Record<SettingName, Pick<SettingFieldProps, 'choices' | 'suggestions'>>>;
  /** Beneath the fields. */
  children?: ReactNode;
}

/** Some settings in a card, saved together: all of them or none. */
export function SettingsForm({ title, about, ...rest }: SettingsFormProps) {
  const common = useWords(commonWords);
  const { data, error } = useQuery(settingsQuery);
  return (
    <Card title={title}>
      {about && <p className={styles.about}>{about}</p>}
      <ProblemNote error={error} />
      {!data && !error && <Loading label={common.loading} />}
      {data && <Fields {...rest} settings={data.settings} />}
    </Card>
  );
}

/** The fields alone, for a place that has a ground of its own. */
export function Fields({ names, offers, children, settings }: SettingsFormProps & { settings: readonly Setting[] }) {
  const words = useWords(settingsWords).page;
  const common = useWords(commonWords);
  const shown = names.flatMap((name) => settings.find((setting) => setting.name === name) ?? []);
  const [drafts, setDrafts] = useState<Partial<Record<string, Draft>>>({});
  const [pressed, setPressed] = useState(false);
  const { mutate, error, isPending, data, reset } = useMutation({
    mutationFn: (changes: Record<string, Value>) => ask<SettingsChanged>('PATCH', '/api/settings', changes),
    onSuccess: async (_answer, changes) => {
      await settingsChanged();
      setDrafts((now) => Object.fromEntries(Object.entries(now).filter(([name]) => !(name in changes))));
      setPressed(false);
    },
  });
  const changed = shown.filter((setting) => {
    const draft = drafts[setting.name];
    return draft !== undefined && draft !== draftOf(setting);
  });
  const faults = new Map<string, string>();
  for (const setting of changed) {
    const fault = faultOf(setting, drafts[setting.name] ?? '', words.faults);
    if (fault) faults.set(setting.name, fault);
  }
  const refused = refusedName(error, changed);
  const edit = (name: string, draft: Draft) => {
    if (data || error) reset();
    setDrafts((now) => ({ ...now, [name]: draft }));
  };
  const save = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setPressed(true);
    if (faults.size > 0) {
      const [first] = faults.keys();
      event.currentTarget.querySelector<HTMLElement>(`[name=${first}]`)?.focus();
      return;
    }
    mutate(
      Object.fromEntries(changed.map((setting) => [setting.name, valueTyped(setting, drafts[setting.name] ?? '')])),
    );
  };
  return (
    <form className={styles.form} onSubmit={save} noValidate>
      <div className={styles.fields}>
        {shown.map((setting) => (
          <SettingField
            key={setting.name}
            setting={setting}
            draft={drafts[setting.name] ?? draftOf(setting)}
            fault={
              (pressed ? faults.get(setting.name) : undefined) ??
              (refused === setting.name && error ? error.message : undefined)
            }
            onChange={(draft) => edit(setting.name, draft)}
            onReset={
              setting.changeable && setting.source === 'page' ? () => mutate({ [setting.name]: null }) : undefined
            }
            {...offers?.[setting.name as SettingName]}
          />
        ))}
      </div>
      {children}
      {refused === undefined && <ProblemNote error={error} />}
      {shown.some(({ changeable }) => changeable) && (
        <footer className={styles.foot}>
          <Button type="submit" kind="primary" busy={isPending} disabled={changed.length === 0}>
            {common.save}
          </Button>
          {changed.length > 0 && !isPending && (
            <Button
              kind="quiet"
              onClick={() => {
                setDrafts({});
                reset();
              }}
            >
              {words.undo}
            </Button>
          )}
          <span role="status" className={styles.saved}>
            {data && changed.length === 0 && (data.restartNeeded ? words.savedRestart : words.saved)}
          </span>
        </footer>
      )}
    </form>
  );
}

/** Which of what was sent the service did not take: its sentence names it. */
function refusedName(error: Error | null, sent: readonly Setting[]): string | undefined {
  if (!(error instanceof ProblemError)) return undefined;
  return sent.find(({ name }) => error.message.startsWith(`The setting ${name} `))?.name;
}
