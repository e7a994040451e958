import { useMutation, useQuery } from '@tanstack/react-query';
import { Ban, KeyRound } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import type { Keys, NewKey, Scope } from '../../api-types.ts';
import { ask } from '../../client.ts';
import { Button } from '../../components/Button.tsx';
import { SelectField, TextField } from '../../components/Field.tsx';
import { Card } from '../../components/Page.tsx';
import { Note, ProblemNote } from '../../components/ProblemNote.tsx';
import { moment } from '../../format.ts';
import { useWords } from '../../words/catalogue.ts';
import { commonWords } from '../../words/common.ts';
import { AskDialog } from './AskDialog.tsx';
import { CommandLine } from './CommandLine.tsx';
import rows from './Rows.module.css';
import { keysQuery, refresh, usersQuery } from './settings-queries.ts';
import { settingsWords } from './words.ts';

const SCOPES: readonly Scope[] = ['write', 'read', 'admin'];

/** Programs that come in with a key. */
export function KeysCard() {
  const words = useWords(settingsWords).people;
  const { data, error } = useQuery(keysQuery);
  const { data: people } = useQuery(usersQuery);
  const [adding, setAdding] = useState(false);
  const [made, setMade] = useState<NewKey>();
  // A key alone locks the doors of which nobody would have a password.
  const tooSoon = people?.users.length === 0;
  return (
    <Card
      title={words.keys}
      actions={
        !adding && (
          <Button icon={<KeyRound />} disabled={people === undefined || tooSoon} onClick={() => setAdding(true)}>
            {words.addKey}
          </Button>
        )
      }
    >
      <p className={rows.about}>{words.keysAbout}</p>
      {tooSoon && <p className={rows.faint}>{words.keysFirst}</p>}
      <ProblemNote error={error} />
      {adding && (
        <NewKeyForm
          users={people?.users.map(({ name }) => name) ?? []}
          onClose={() => setAdding(false)}
          onMade={(key) => {
            setMade(key);
            setAdding(false);
          }}
        />
      )}
      {made && (
        <Note tone="good" role="status">
          <p>
            <strong>{words.newKey(made.name)}</strong>
          </p>
          <CommandLine command={made.key} />
          <div className={rows.actions}>
            <Button size="s" onClick={() => setMade(undefined)}>
              {words.keyCopied}
            </Button>
          </div>
        </Note>
      )}
      {data?.keys.length === 0 && !tooSoon && <p className={rows.faint}>{words.noKeys}</p>}
      <ul className={rows.rows}>
        {data?.keys.map((key) => (
          <KeyRow
            key={key.name}
            of={key}
            onEnded={() => setMade((now) => (now?.name === key.name ? undefined : now))}
          />
        ))}
      </ul>
    </Card>
  );
}

interface NewKeyFormProps {
  users: readonly string[];
  onClose(): void;
  onMade(key: NewKey): void;
}

function NewKeyForm({ users, onClose, onMade }: NewKeyFormProps) {
  const words = useWords(settingsWords).people;
  const common = useWords(commonWords);
  const { mutate, error, isPending } = useMutation({
    mutationFn: (body: object) => ask<NewKey>('POST', '/api/keys', body),
    onSuccess: (key) => {
      onMade(key);
      return refresh('keys');
    },
  });
  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const user = form.get('user');
    mutate({ name: form.get('name'), scope: form.get('scope'), ...(user ? { user } : {}) });
  };
  return (
    <form className={rows.form} onSubmit={send}>
      <div className={rows.fields}>
        <TextField label={words.name} name="name" autoComplete="off" required />
        <SelectField
          label={words.scope}
          name="scope"
          choices={SCOPES.map((scope) => [scope, words.scopes[scope]] as const)}
        />
        <SelectField
          label={words.keyOf}
          name="user"
          choices={[['', words.nobody] as const, ...users.map((user) => [user, user] as const)]}
        />
      </div>
      <ProblemNote error={error} />
      <div className={rows.actions}>
        <Button type="submit" kind="primary" busy={isPending}>
          {words.add}
        </Button>
        <Button kind="quiet" onClick={onClose}>
          {common.cancel}
        </Button>
      </div>
    </form>
  );
}

function KeyRow({ of: { name, scope, user, lastUsedAt }, onEnded }: { of: Keys['keys'][number]; onEnded(): void }) {
  const words = useWords(settingsWords).people;
  const [asking, setAsking] = useState(false);
  const facts = [
    ...(user === null ? [] : [user]),
    lastUsedAt === null ? words.neverUsed : words.lastUsed(moment(lastUsedAt)),
  ];
  return (
    <li className={rows.row}>
      <div className={rows.line}>
        <div className={rows.what}>
          <span className={rows.name}>{name}</span>
          <span className={rows.tags}>
            <span className={rows.tag}>{words.scopes[scope]}</span>
          </span>
          <p className={rows.faint}>{facts.join(' · ')}</p>
        </div>
        <Button kind="danger" size="s" icon={<Ban />} onClick={() => setAsking(true)} aria-label={words.revokeOf(name)}>
          {words.revoke}
        </Button>
      </div>
      {asking && (
        <AskDialog
          title={words.revokeTitle(name)}
          about={words.revokeAbout}
          confirm={words.revokeConfirm}
          keep={words.keep}
          onClose={() => setAsking(false)}
          onConfirm={async () => {
            await ask('DELETE', `/api/keys/${encodeURIComponent(name)}`);
            onEnded();
            await refresh('keys');
          }}
        />
      )}
    </li>
  );
}
