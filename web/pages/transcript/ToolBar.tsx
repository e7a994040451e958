import { useMutation } from '@tanstack/react-query';
import {
  Copy,
  Download,
  History,
  Keyboard,
  MessageSquarePlus,
  Redo2,
  Save,
  Search,
  SpellCheck2,
  Undo2,
} from 'lucide-react';
import { send, withQuery } from '../../client.ts';
import { Button, IconButton } from '../../components/Button.tsx';
import { Menu } from '../../components/Menu.tsx';
import { ProblemNote } from '../../components/ProblemNote.tsx';
import { saveFile } from '../../components/save-file.ts';
import { useWords } from '../../words/catalogue.ts';
import { commonWords } from '../../words/common.ts';
import styles from './ToolBar.module.css';
import { transcriptWords } from './words.ts';

const FORMATS = ['txt', 'srt', 'vtt', 'json', 'docx'] as const;
type Format = (typeof FORMATS)[number];

interface ToolBarProps {
  job: { id: number; filename: string };
  canUndo: boolean;
  canRedo: boolean;
  onUndo(): void;
  onRedo(): void;
  onFind(): void;
  unsure: { count: number; isShown: boolean; show(isShown: boolean): void };
  versions: { areShown: boolean; show(areShown: boolean): void };
  onKeys(): void;
  /** The text as it is seen. */
  textNow(): string;
  save: {
    isDirty: boolean;
    isPending: boolean;
    version: number | undefined;
    error: Error | null;
    run(): Promise<boolean>;
    /** Asks for a note, and saves with it. */
    withNote(): void;
  };
}

/** What can be done with the text. */
export function ToolBar({ job, unsure, versions, save, ...tools }: ToolBarProps) {
  const words = useWords(transcriptWords);
  const common = useWords(commonWords);
  const copy = useMutation({ mutationFn: () => navigator.clipboard.writeText(tools.textNow()) });
  const download = useMutation({
    mutationFn: async (format: Format) => {
      // What is seen is what is exported.
      if (save.isDirty && !(await save.run())) return;
      const response = await send('GET', withQuery(`/api/jobs/${job.id}/transcript`, { format, download: true }));
      saveFile(await response.blob(), `${job.filename.replace(/\.[^.]*$/, '')}.${format}`);
    },
  });
  return (
    <>
      <div className={styles.bar} role="toolbar" aria-label={words.tools}>
        <IconButton label={words.undo} disabled={!tools.canUndo} onClick={tools.onUndo}>
          <Undo2 />
        </IconButton>
        <IconButton label={words.redo} disabled={!tools.canRedo} onClick={tools.onRedo}>
          <Redo2 />
        </IconButton>
        <IconButton label={words.find} onClick={tools.onFind}>
          <Search />
        </IconButton>
        <IconButton
          label={words.unsureCount(unsure.count)}
          aria-pressed={unsure.isShown}
          className={unsure.isShown ? (styles.on ?? '') : ''}
          disabled={unsure.count === 0}
          onClick={() => unsure.show(!unsure.isShown)}
        >
          <SpellCheck2 />
        </IconButton>
        <IconButton label={words.copy} onClick={() => copy.mutate()}>
          <Copy />
        </IconButton>
        <IconButton
          label={words.versions}
          aria-pressed={versions.areShown}
          className={versions.areShown ? (styles.on ?? '') : ''}
          onClick={() => versions.show(!versions.areShown)}
        >
          <History />
        </IconButton>
        <IconButton label={words.keys} className={styles.keys ?? ''} onClick={tools.onKeys}>
          <Keyboard />
        </IconButton>
        <Menu
          trigger={
            <Button size="s" kind="quiet" className={styles.export ?? ''} icon={<Download />} busy={download.isPending}>
              <span className={styles.label}>{words.export}</span>
            </Button>
          }
          entries={FORMATS.map((format) => ({
            label: words.formats[format],
            onSelect: () => download.mutate(format),
          }))}
        />
        <span className={styles.state} role="status">
          {save.isPending ? words.saving : save.isDirty ? words.unsaved : stateOf()}
        </span>
        {(save.isDirty || save.isPending) && (
          <IconButton label={words.saveWithNote} disabled={save.isPending} onClick={save.withNote}>
            <MessageSquarePlus />
          </IconButton>
        )}
        {(save.isDirty || save.isPending) && (
          <Button
            size="s"
            kind="primary"
            icon={<Save />}
            title={words.saveKey}
            busy={save.isPending}
            onClick={() => void save.run()}
          >
            {common.save}
          </Button>
        )}
      </div>
      <ProblemNote error={save.error ?? copy.error ?? download.error} />
    </>
  );

  function stateOf(): string {
    if (copy.isSuccess) return words.copied;
    return save.version === undefined ? '' : words.savedAs(save.version);
  }
}
