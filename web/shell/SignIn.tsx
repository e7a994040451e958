import { type FormEvent, useState } from 'react';
import type { Session } from '../api-types.ts';
import { ask } from '../client.ts';
import { Button } from '../components/Button.tsx';
import { TextField } from '../components/Field.tsx';
import { useTitle } from '../components/Page.tsx';
import { Note, ProblemNote } from '../components/ProblemNote.tsx';
import { queryClient } from '../queries.ts';
import { useWords } from '../words/catalogue.ts';
import styles from './SignIn.module.css';
import { shellWords } from './words.ts';

/** The door: a password, with a name where there are several users. */
export function SignIn({ needed }: { needed: Session['needed'] }) {
  const words = useWords(shellWords);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  useTitle(words.signIn);

  const signIn = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const name = form.get('name');
    setBusy(true);
    try {
      await ask('POST', '/api/session', { password: form.get('password'), ...(name ? { name } : {}) });
      // What was asked for before was refused, or was told to somebody else.
      await queryClient.resetQueries();
    } catch (refusal) {
      setError(refusal);
      setBusy(false);
    }
  };

  return (
    <main className={styles.place}>
      <form className={styles.form} onSubmit={signIn}>
        <h1 className={styles.brand}>
          <img src="/icon.svg" alt="" width="36" height="36" />
          Longhand
        </h1>
        {needed === 'nothing' || needed === 'key' ? (
          <Note tone="warn">
            <p>{words.keyNeeded}</p>
          </Note>
        ) : (
          <>
            {needed === 'name and password' && (
              <TextField label={words.name} name="name" autoComplete="username" autoCapitalize="none" required />
            )}
            <TextField
              label={words.password}
              name="password"
              type="password"
              autoComplete="current-password"
              required
            />
            <ProblemNote error={error} />
            <Button type="submit" kind="primary" busy={busy}>
              {words.signIn}
            </Button>
          </>
        )}
      </form>
    </main>
  );
}
