import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { Target } from '../../api-types.ts';
import { ask } from '../../client.ts';
import { Button } from '../../components/Button.tsx';
import { SelectField, SwitchField, TextField } from '../../components/Field.tsx';
import { ProblemNote } from '../../components/ProblemNote.tsx';
import { useWords } from '../../words/catalogue.ts';
import { commonWords } from '../../words/common.ts';
import rows from './Rows.module.css';
import { refresh } from './settings-queries.ts';
import { settingsWords } from './words.ts';

const EVENTS = ['completed', 'failed', 'queue_empty'] as const;
const SECRET_MIN = 16;

/** Who is to be told of what: a new one, or another wish for one that is there. */
export function TargetForm({ target, onClose }: { target?: Target; onClose(): void }) {
  const words = useWords(settingsWords).people;
  const common = useWords(commonWords);
  const [kind, setKind] = useState<Target['kind']>(target?.kind ?? 'webhook');
  const [events, setEvents] = useState<readonly Target['events'][number][]>(target?.events ?? ['completed', 'failed']);
  const { mutate, error, isPending } = useMutation({
    mutationFn: (body: object) =>
      target
        ? ask('PATCH', `/api/notifications/targets/${target.id}`, body)
        : ask('POST', '/api/notifications/targets', { kind, ...body }),
    onSuccess: async () => {
      await refresh('targets');
      onClose();
    },
  });
  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const secret = String(form.get('secret') ?? '');
    mutate({
      address: String(form.get('address')).trim(),
      events,
      ...(kind === 'webhook' && secret !== '' ? { secret } : {}),
      ...(target ? { enabled: form.get('enabled') === 'on' } : {}),
    });
  };
  const isWebhook = kind === 'webhook';
  return (
    <form className={rows.form} onSubmit={send}>
      <div className={rows.fields}>
        {!target && (
          <SelectField
            label={words.kind}
            value={kind}
            onChange={({ target: { value } }) => setKind(value as Target['kind'])}
            choices={[
              ['webhook', words.kinds.webhook],
              ['email', words.kinds.email],
            ]}
          />
        )}
        <TextField
          label={isWebhook ? words.webAddress : words.mailAddress}
          name="address"
          type={isWebhook ? 'url' : 'email'}
          placeholder={isWebhook ? 'https://example.org/hook' : 'me@example.org'}
          defaultValue={target?.address}
          autoComplete="off"
          required
        />
        {isWebhook && (
          <TextField
            label={words.secret}
            hint={target?.signed ? words.secretKept : words.secretHint}
            name="secret"
            type="password"
            autoComplete="new-password"
            minLength={SECRET_MIN}
          />
        )}
      </div>
      <fieldset className={rows.choice}>
        <legend>{words.when}</legend>
        {EVENTS.map((one) => (
          <label key={one}>
            <input
              type="checkbox"
              checked={events.includes(one)}
              onChange={({ target: { checked } }) =>
                setEvents(EVENTS.filter((other) => (other === one ? checked : events.includes(other))))
              }
            />
            {words.events[one]}
          </label>
        ))}
      </fieldset>
      {target && <SwitchField label={words.switchedOn} name="enabled" defaultChecked={target.enabled} />}
      <ProblemNote error={error} />
      <div className={rows.actions}>
        <Button type="submit" kind="primary" busy={isPending} disabled={events.length === 0}>
          {target ? common.save : words.add}
        </Button>
        <Button kind="quiet" onClick={onClose}>
          {common.cancel}
        </Button>
      </div>
    </form>
  );
}
