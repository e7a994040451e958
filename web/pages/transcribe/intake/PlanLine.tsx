import { useQuery } from '@tanstack/react-query';
import { ChevronDown } from 'lucide-react';
import { lazy, type ReactNode, Suspense, useId, useState } from 'react';
import type { Plan, Queue } from '../../../api-types.ts';
import { Button } from '../../../components/Button.tsx';
import { Note, ProblemNote } from '../../../components/ProblemNote.tsx';
import { inWords, moment } from '../../../format.ts';
import { queueQuery } from '../../../queries.ts';
import { loadPart, useWords, type WordsOf } from '../../../words/catalogue.ts';
import { engineName, languageName } from '../names.ts';
import { partWords } from '../part-words.ts';
import { planQuery } from '../queries.ts';
import { transcribeWords } from '../words.ts';
import styles from './PlanLine.module.css';
import type { Staged } from './staged.ts';
import { asPlan, type Wish } from './wish.ts';

const Options = lazy(() => loadPart(() => import('./Options.tsx'), partWords));

interface PlanLineProps {
  recordings: readonly Staged[];
  wish: Wish;
  onWish(wish: Wish): void;
  action: ReactNode;
}

/** In one line what will happen with what is chosen, before anything is sent; and behind 'More' what can be had otherwise. */
export function PlanLine({ recordings, wish, onWish, action }: PlanLineProps) {
  const words = useWords(transcribeWords).page;
  const [isOpen, setOpen] = useState(false);
  const options = useId();
  const lengths = recordings.map(({ seconds }) => seconds ?? 0);
  const longest = Math.max(0, ...lengths);
  const { data: plan, error } = useQuery({
    ...planQuery(asPlan(wish), longest > 0 ? longest : undefined),
    // While a file is looked at, what was said before stays.
    placeholderData: (before) => before,
  });
  const { data: queue } = useQuery(queueQuery);
  const isClosed = queue !== undefined && isResting(queue);
  // What closes the queue for all is said there.
  const obstacles =
    plan?.obstacles.filter((_, index) => !(isClosed && plan.installed && index === plan.obstacles.length - 1)) ?? [];
  return (
    <div className={styles.plan}>
      <div className={styles.line}>
        <p className={styles.sentence} aria-live="polite" data-plan={plan ? '' : undefined}>
          {plan && <PlanSentence plan={plan} queue={queue} lengths={lengths} />}
        </p>
        <Button
          kind="quiet"
          size="s"
          className={styles.more}
          aria-expanded={isOpen}
          aria-controls={options}
          title={words.moreAbout}
          onClick={() => setOpen(!isOpen)}
          icon={<ChevronDown className={isOpen ? styles.turned : undefined} />}
        >
          {isOpen ? words.less : words.more}
        </Button>
        {action}
      </div>
      <div id={options} hidden={!isOpen}>
        {isOpen && (
          <Suspense>
            <Options wish={wish} onWish={onWish} plan={plan} />
          </Suspense>
        )}
      </div>
      <ProblemNote error={error} />
      {plan?.engine !== null &&
        obstacles.map(({ sentence, remedy }) => (
          <Note key={sentence} tone="warn" role="status">
            <p>{sentence}</p>
            {remedy && <p>{remedy}</p>}
          </Note>
        ))}
    </div>
  );
}

/** Nothing starts at the moment; why is said at the queue. */
function isResting({ paused, opensAt }: Queue): boolean {
  return paused !== null || opensAt !== null;
}

function PlanSentence({ plan, queue, lengths }: { plan: Plan; queue: Queue | undefined; lengths: readonly number[] }) {
  const words = useWords(transcribeWords).page;
  const { engine, model, language } = plan;
  if (engine === null) return words.planNone;
  const name = engineName(engine);
  const parts = [
    language === 'auto' ? words.languageFound : words.languageIs(languageName(language)),
    ...workOf(plan, lengths, words.work),
    ...startOf(plan, queue, words),
  ];
  return (
    <>
      <strong>{model === null || model === 'auto' ? words.planWithChosen(name) : words.planWith(name, model)}</strong>
      {parts.map((part) => (
        <span key={part}>{part}</span>
      ))}
    </>
  );
}

/** The plan is for the longest; the others take their share. */
function workOf({ estimateSeconds }: Plan, lengths: readonly number[], say: (time: string) => string): string[] {
  const longest = Math.max(...lengths);
  if (estimateSeconds === null || !(longest > 0)) return [];
  const all = lengths.reduce((sum, seconds) => sum + seconds, 0);
  return [say(inWords(Math.max(1, estimateSeconds * (all / longest))))];
}

/** A start within this time is at once. */
const AT_ONCE_SECONDS = 5;

function startOf(
  { startsInSeconds }: Plan,
  queue: Queue | undefined,
  words: WordsOf<typeof transcribeWords>['page'],
): string[] {
  if (!queue) return [];
  if (isResting(queue)) return [words.startsLater];
  // Of an empty queue nothing can be learned about times, and nothing need be.
  const isFree = queue.running.length + queue.total === 0;
  if (isFree || (startsInSeconds !== null && startsInSeconds < AT_ONCE_SECONDS)) return [words.startsNow];
  if (startsInSeconds === null) return [];
  const at = new Date(Date.now() + startsInSeconds * 1000).toISOString();
  return [words.startsIn(inWords(startsInSeconds), moment(at))];
}
