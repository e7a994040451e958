/** Which address shows what. Each page is loaded with its sentences when it is gone to. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { historyWords } from './pages/history/words.ts';
import { jobWords } from './pages/job/words.ts';
import { settingsWords } from './pages/settings/words.ts';
import { transcribeWords } from './pages/transcribe/words.ts';
import { transcriptWords } from './pages/transcript/words.ts';
import { NotFound } from './shell/NotFound.tsx';
import { Shell } from './shell/Shell.tsx';
import { Trouble } from './shell/Trouble.tsx';
import { loadPart } from './words/catalogue.ts';
import { jobActionWords } from './words/job-actions.ts';

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: Trouble });

const transcribe = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: lazyRouteComponent(
    () => loadPart(() => import('./pages/transcribe/TranscribePage.tsx'), transcribeWords),
    'TranscribePage',
  ),
});

const history = createRoute({
  getParentRoute: () => root,
  path: '/history',
  // What is searched for stands in the address, so that it can be kept and sent to others.
  validateSearch: (search: Record<string, unknown>): Record<string, string> =>
    Object.fromEntries(Object.entries(search).map(([name, value]) => [name, String(value)])),
  component: lazyRouteComponent(
    () => loadPart(() => import('./pages/history/HistoryPage.tsx'), historyWords, jobActionWords),
    'HistoryPage',
  ),
});

const job = createRoute({
  getParentRoute: () => root,
  path: '/jobs/$id',
  // `view=job`: how a finished job went, in place of its text.
  validateSearch: (search: Record<string, unknown>): { view?: 'job' } => (search.view === 'job' ? { view: 'job' } : {}),
  component: lazyRouteComponent(
    () => loadPart(() => import('./pages/job/JobRoute.tsx'), jobWords, transcriptWords, jobActionWords),
    'JobRoute',
  ),
});

const settingsPage = lazyRouteComponent(
  () => loadPart(() => import('./pages/settings/SettingsPage.tsx'), settingsWords),
  'SettingsPage',
);

const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  component: settingsPage,
});

const settingsSection = createRoute({
  getParentRoute: () => root,
  path: '/settings/$section',
  component: settingsPage,
});

export const router = createRouter({
  routeTree: root.addChildren([transcribe, history, job, settings, settingsSection]),
  defaultPreload: 'intent',
  defaultErrorComponent: Trouble,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
