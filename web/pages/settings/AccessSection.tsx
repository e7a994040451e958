import { useMutation } from '@tanstack/react-query';
import { LogOut } from 'lucide-react';
import type { FormEvent } from 'react';
import { ask } from '../../client.ts';
import { Button } from '../../components/Button.tsx';
import { TextField } from '../../components/Field.tsx';
import { Card } from '../../components/Page.tsx';
import { Note, ProblemNote } from '../../components/ProblemNote.tsx';
import { queryClient } from '../../queries.ts';
import { useWords } from '../../words/catalogue.ts';
import { KeysCard } from './KeysCard.tsx';
import rows from './Rows.module.css';
import { useCaller } from './scope.ts';
import { UsersCard } from './UsersCard.tsx';
import { settingsWords } from './words.ts';

/** Who may come in: oneself, other people, programs. */
export function AccessSection() {
  const words = useWords(settingsWords).people;
  const caller = useCaller();
  if (!caller) return null;
  return (
    <>
      {caller.by === 'open' && (
        <Note tone="warn">
          <p>
            <strong>{words.open}</strong>
          </p>
          <p>{words.openAbout}</p>
        </Note>
      )}
      {caller.by === 'key' && (
        <Note>
          <p>{words.byKey(caller.name)}</p>
        </Note>
      )}
      {caller.by === 'session' && <Me name={caller.name} />}
      {caller.scope === 'admin' && (
        <>
          <UsersCard caller={caller} />
          <KeysCard />
        </>
      )}
    </>
  );
}

function Me({ name }: { name: string }) {
  const words = useWords(settingsWords).people;
  const signOut = useMutation({ mutationFn: () => ask('DELETE', '/api/session'), onSuccess: everythingAnew });
  const change = useMutation({
    mutationFn: (body: object) => ask('POST', '/api/session/password', body),
    onSuccess: everythingAnew,
  });
  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    change.mutate({ old: form.get('old'), new: form.get('new') });
  };
  return (
    <Card
      title={words.me}
      actions={
        <Button icon={<LogOut />} busy={signOut.isPending} onClick={() => signOut.mutate()}>
          {words.signOut}
        </Button>
      }
    >
      <p className={rows.about}>{words.signedInAs(name)}</p>
      <ProblemNote error={signOut.error} />
      <form className={rows.form} onSubmit={send}>
        <input type="text" hidden readOnly autoComplete="username" value={name} />
        <div className={rows.fields}>
          <TextField label={words.oldPassword} name="old" type="password" autoComplete="current-password" required />
          <TextField
            label={words.password}
            hint={words.passwordHint}
            name="new"
            type="password"
            autoComplete="new-password"
            required
          />
        </div>
        <ProblemNote error={change.error} />
        <p className={rows.faint}>{words.changePasswordAbout}</p>
        <div className={rows.actions}>
          <Button type="submit" busy={change.isPending}>
            {words.changePassword}
          </Button>
        </div>
      </form>
    </Card>
  );
}

/** What was told to who is not here any more is forgotten. */
function everythingAnew(): Promise<void> {
  return queryClient.resetQueries();
}
