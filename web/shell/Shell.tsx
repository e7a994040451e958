import { useQuery } from '@tanstack/react-query';
import { Link, Outlet } from '@tanstack/react-router';
import { AudioLines, Clock3, Settings } from 'lucide-react';
import { lazy, Suspense } from 'react';
import { Loading } from '../components/Page.tsx';
import { ProblemNote } from '../components/ProblemNote.tsx';
import { useLiveStream } from '../live.ts';
import { sessionQuery } from '../queries.ts';
import { useWords } from '../words/catalogue.ts';
import { commonWords } from '../words/common.ts';
import { AwayBanner } from './AwayBanner.tsx';
import { InWork } from './InWork.tsx';
import { NewFailures } from './NewFailures.tsx';
import styles from './Shell.module.css';
import { shellWords } from './words.ts';

/** Most never see the door. */
const SignIn = lazy(async () => ({ default: (await import('./SignIn.tsx')).SignIn }));

/** What stands around every page: the navigation and what is in work; or the door, for somebody who has not come in. */
export function Shell() {
  const common = useWords(commonWords);
  const { data: session, error } = useQuery(sessionQuery);
  if (!session)
    return (
      <div className={styles.before}>{error ? <ProblemNote error={error} /> : <Loading label={common.loading} />}</div>
    );
  if (session.caller === null) {
    return (
      <Suspense>
        <SignIn needed={session.needed} />
      </Suspense>
    );
  }
  return <Inside />;
}

function Inside() {
  const words = useWords(shellWords);
  useLiveStream();
  const pages = [
    { to: '/', label: words.transcribe, icon: <AudioLines />, exact: true },
    { to: '/history', label: words.history, icon: <Clock3 />, exact: false },
    { to: '/settings', label: words.settings, icon: <Settings />, exact: false },
  ] as const;
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#content">
        {words.skip}
      </a>
      <aside className={styles.side}>
        <Link to="/" className={styles.brand}>
          <img src="/icon.svg" alt="" width="28" height="28" />
          <span>Longhand</span>
        </Link>
        <nav aria-label={words.pages} className={styles.nav}>
          {pages.map(({ to, label, icon, exact }) => (
            <Link key={to} to={to} className={styles.link} activeOptions={{ exact, includeSearch: false }}>
              {icon}
              <span>{label}</span>
            </Link>
          ))}
        </nav>
        <InWork />
        <NewFailures />
      </aside>
      <main id="content" className={styles.content} tabIndex={-1}>
        <AwayBanner />
        <Outlet />
      </main>
    </div>
  );
}
