import { Button } from '../components/Button.tsx';
import { Page } from '../components/Page.tsx';
import { ProblemNote } from '../components/ProblemNote.tsx';
import { useWords } from '../words/catalogue.ts';
import { shellWords } from './words.ts';

/** A page that cannot be shown, such as a part of it that cannot be loaded after an update. */
export function Trouble({ error }: { error: unknown }) {
  const words = useWords(shellWords);
  return (
    <Page title={words.trouble}>
      <ProblemNote error={error}>
        <p>{words.troubleRemedy}</p>
      </ProblemNote>
      <div>
        <Button kind="primary" onClick={() => window.location.reload()}>
          {words.reload}
        </Button>
      </div>
    </Page>
  );
}
