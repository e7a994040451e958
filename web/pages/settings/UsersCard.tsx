import { useMutation, useQuery } from '@tanstack/react-query';
import { KeyRound, Trash2, UserPlus } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import type { Session, Users } from '../../api-types.ts';
import { ask } from '../../client.ts';
import { Button } from '../../components/Button.tsx';
import { Dialog } from '../../components/Dialog.tsx';
import { SwitchField, TextField } from '../../components/Field.tsx';
import { Card } from '../../components/Page.tsx';
import { ProblemNote } from '../../components/ProblemNote.tsx';
import { moment } from '../../format.ts';
import { keys, queryClient } from '../../queries.ts';
import { useWords } from '../../words/catalogue.ts';
import { commonWords } from '../../words/common.ts';
import { AskDialog } from './AskDialog.tsx';
import rows from './Rows.module.css';
import { keysQuery, refresh, usersQuery } from './settings-queries.ts';
import { settingsWords } from './words.ts';

type User = Users['users'][number];

/** Who may be locked out by it asks again who they are. */
async function usersChanged(): Promise<void> {
  await queryClient.invalidateQueries({ queryKey: keys.session });
  await refresh('users', 'keys');
}

/** People who sign in with a password. */
export function UsersCard({ caller }: { caller: NonNullable<Session['caller']> }) {
  const words = useWords(settingsWords).people;
  const { data, error } = useQuery(usersQuery);
  const [adding, setAdding] = useState(false);
  const isFirst = data?.users.length === 0;
  return (
    <Card
      title={words.users}
      actions={
        data &&
        !adding && (
          <Button icon={<UserPlus />} onClick={() => setAdding(true)}>
            {isFirst ? words.addFirst : words.addUser}
          </Button>
        )
      }
    >
      <p className={rows.about}>{words.usersAbout}</p>
      <ProblemNote error={error} />
      {adding && <NewUser isFirst={isFirst ?? false} onClose={() => setAdding(false)} />}
      <ul className={rows.rows}>
        {data?.users.map((user) => (
          <UserRow
            key={user.name}
            user={user}
            isMe={caller.by === 'session' && caller.name === user.name}
            isLast={data.users.length === 1}
          />
        ))}
      </ul>
    </Card>
  );
}

function NewUser({ isFirst, onClose }: { isFirst: boolean; onClose(): void }) {
  const words = useWords(settingsWords).people;
  const common = useWords(commonWords);
  const { mutate, error, isPending } = useMutation({
    mutationFn: (body: object) => ask('POST', '/api/users', body),
    onSuccess: async () => {
      onClose();
      await usersChanged();
    },
  });
  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    mutate({ name: form.get('name'), password: form.get('password'), admin: form.get('admin') === 'on' });
  };
  return (
    <form className={rows.form} onSubmit={send}>
      <div className={rows.fields}>
        <TextField label={words.name} name="name" autoComplete="off" autoCapitalize="none" required />
        <TextField
          label={words.password}
          hint={words.passwordHint}
          name="password"
          type="password"
          autoComplete="new-password"
          required
        />
      </div>
      {!isFirst && <SwitchField label={words.makeAdmin} name="admin" />}
      {isFirst && <p className={rows.faint}>{words.openAbout}</p>}
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

function UserRow({ user, isMe, isLast }: { user: User; isMe: boolean; isLast: boolean }) {
  const words = useWords(settingsWords).people;
  const { data: kept } = useQuery(keysQuery);
  const [doing, setDoing] = useState<'password' | 'removing'>();
  const { name, admin, createdAt } = user;
  // With a key that is nobody's in particular the doors stay locked, whoever goes.
  const opens = isLast && (kept?.keys.every((key) => key.user === name) ?? false);
  return (
    <li className={rows.row}>
      <div className={rows.line}>
        <div className={rows.what}>
          <span className={rows.name}>{name}</span>
          <span className={rows.tags}>
            {isMe && <span className={rows.tag}>{words.you}</span>}
            {admin && <span className={rows.tag}>{words.admin}</span>}
          </span>
          <p className={rows.faint}>{words.since(moment(createdAt))}</p>
        </div>
        <div className={rows.actions}>
          {!isMe && (
            <Button
              size="s"
              icon={<KeyRound />}
              onClick={() => setDoing('password')}
              aria-label={words.newPasswordOf(name)}
            >
              {words.newPassword}
            </Button>
          )}
          <Button
            kind="danger"
            size="s"
            icon={<Trash2 />}
            onClick={() => setDoing('removing')}
            aria-label={words.removeOf(name)}
          >
            {words.remove}
          </Button>
        </div>
      </div>
      {doing === 'password' && <NewPassword name={name} onClose={() => setDoing(undefined)} />}
      {doing === 'removing' && (
        <AskDialog
          title={words.removeUserTitle(name)}
          about={opens ? `${words.removeUserAbout} ${words.removeLastAbout}` : words.removeUserAbout}
          confirm={words.removeConfirm}
          keep={words.keep}
          onClose={() => setDoing(undefined)}
          onConfirm={async () => {
            await ask('DELETE', `/api/users/${encodeURIComponent(name)}`);
            await usersChanged();
          }}
        />
      )}
    </li>
  );
}

function NewPassword({ name, onClose }: { name: string; onClose(): void }) {
  const words = useWords(settingsWords).people;
  const common = useWords(commonWords);
  const { mutate, error, isPending } = useMutation({
    mutationFn: (password: string) => ask('POST', `/api/users/${encodeURIComponent(name)}/password`, { password }),
    onSuccess: onClose,
  });
  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    mutate(String(new FormData(event.currentTarget).get('password')));
  };
  return (
    <Dialog open onClose={onClose} title={words.newPasswordTitle(name)} about={words.newPasswordAbout}>
      <form className={rows.form} onSubmit={send}>
        <TextField
          label={words.password}
          hint={words.passwordHint}
          name="password"
          type="password"
          autoComplete="new-password"
          required
        />
        <ProblemNote error={error} />
        <div className={rows.actions}>
          <Button type="submit" kind="primary" busy={isPending}>
            {common.save}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
