import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { Button } from '../../components/Button.tsx';
import { useWords } from '../../words/catalogue.ts';
import styles from './CommandLine.module.css';
import { settingsWords } from './words.ts';

/** Something to copy: a command, or a key. */
export function CommandLine({ command }: { command: string }) {
  const words = useWords(settingsWords).page;
  const [outcome, setOutcome] = useState<'copied' | 'failed'>();
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(command);
      setOutcome('copied');
    } catch {
      // Without https browsers give no clipboard to pages of other machines; then it is said what to do instead.
      setOutcome('failed');
    }
  };
  return (
    <div className={styles.line}>
      <code className={styles.text}>{command}</code>
      <Button size="s" icon={outcome === 'copied' ? <Check /> : <Copy />} onClick={() => void copy()}>
        {words.copy}
      </Button>
      <span role="status" className={styles.said}>
        {outcome === 'copied' && words.copied}
        {outcome === 'failed' && words.copyFailed}
      </span>
    </div>
  );
}
