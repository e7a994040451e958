import '@fontsource-variable/inter/wght.css';
import '@fontsource-variable/newsreader/wght.css';
import '@fontsource-variable/noto-sans-thai/wght.css';
import './styles/tokens.css';
import './styles/base.css';
import './styles/motion.css';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { queryClient, sessionQuery } from './queries.ts';
import { router } from './router.tsx';
import { shellWords } from './shell/words.ts';
import { loadPart } from './words/catalogue.ts';
import { commonWords } from './words/common.ts';

// Under this name the libraries that add styles look for the nonce that the policy of the page asks for.
Object.assign(window, { __webpack_nonce__: document.querySelector('meta[name=csp-nonce]')?.getAttribute('content') });

// Recordings that were on their way go on, whatever page is opened.
if (localStorage.getItem('longhand.sending') !== null) {
  void import('./pages/transcribe/outbox/outbox.ts').then(({ goOnSending }) => goOnSending());
}

const root = document.getElementById('root');
if (!root) throw new Error('The page has no place to be drawn in.');
void draw(root);

/** Draws the page once it has its words; who asks, and the page that the address names, are asked for meanwhile. */
async function draw(place: HTMLElement): Promise<void> {
  void queryClient.prefetchQuery(sessionQuery);
  await loadPart(() => router.load(), commonWords, shellWords);
  createRoot(place).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  );
}
