/** Which address shows what. Each page is loaded when it is gone to. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { NotFound } from './shell/NotFound.tsx';
import { Shell } from './shell/Shell.tsx';
import { Trouble } from './shell/Trouble.tsx';

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: Trouble });

const transcribe = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: lazyRouteComponent(() => import('./pages/transcribe/TranscribePage.tsx'), 'TranscribePage'),
});

const history = createRoute({
  getParentRoute: () => root,
  path: '/history',
  // What is searched for stands in the address, so that it can be kept and sent to others.
  validateSearch: (search: Record<string, unknown>): Record<string, string> =>
    Object.fromEntries(Object.entries(search).map(([name, value]) => [name, String(value)])),
  component: lazyRouteComponent(() => import('./pages/history/HistoryPage.tsx'), 'HistoryPage'),
});

const job = createRoute({
  getParentRoute: () => root,
  path: '/jobs/$id',
  // `view=job`: how a finished job went, in place of its text.
  validateSearch: (search: Record<string, unknown>): { view?: 'job' } => (search.view === 'job' ? { view: 'job' } : {}),
  component: lazyRouteComponent(() => import('./pages/job/JobRoute.tsx'), 'JobRoute'),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  component: lazyRouteComponent(() => import('./pages/settings/SettingsPage.tsx'), 'SettingsPage'),
});

const settingsSection = createRoute({
  getParentRoute: () => root,
  path: '/settings/$section',
  component: lazyRouteComponent(() => import('./pages/settings/SettingsPage.tsx'), 'SettingsPage'),
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
