import { join } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** `vite` alone, for working on the page, asks a service that runs beside it. */
const SERVICE = process.env.LONGHAND_ADDRESS ?? 'http://127.0.0.1:7420';

const OF_EVERY_PAGE = [
  /node_modules\/(react|react-dom|scheduler|use-sync-external-store)\//,
  /node_modules\/@tanstack\/(react-router|router-core|history|react-store|store|react-query|query-core)\//,
  // Icons of the first page that other pages have too.
  /lucide-react\/dist\/esm\/icons\/(audio-lines|chevron-down|circle-exclamation-point|clock-3|file-text|pause|play|rotate-ccw|settings|square|x)\.mjs$/,
  /web\/(client|format|live|live-link|queries|random-id|router|seen-failures)\.tsx?$/,
  /web\/shell\/(AwayBanner|InWork|NewFailures|NotFound|Shell|Trouble|words)\.tsx?$/,
  /web\/(words\/(common|job-actions)|pages\/\w+\/words)\.ts$/,
  /web\/words\/(catalogue|counted)\.ts$/,
  /web\/components\/(Button|Page|ProblemNote|ProgressBar|draw-icon)\.tsx?$/,
  /(vite\/preload-helper|rolldown\/runtime)/,
];
const OF_THE_FIRST_PAGE = [
  /web\/pages\/transcribe\/(TranscribePage|kept|names|part-words|queries)\.tsx?$/,
  /web\/pages\/transcribe\/intake\/(Intake|PlanLine|dropped|recordings|staged|useArrivingFiles|wish)\.tsx?$/,
  /web\/pages\/transcribe\/(outbox\/(UploadList|item|outbox|pace)|recorder\/(Drafts|keep-recording))\.tsx?$/,
];
const OF_FEW_PAGES = /(infiniteQueryObserver|useInfiniteQuery|useBlocker)\.js$/;

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  resolve: {
    alias: [
      // React has it itself.
      { find: 'use-sync-external-store/shim/with-selector', replacement: 'use-sync-external-store/with-selector' },
      { find: /^\.\.\/createLucideIcon\.mjs$/, replacement: join(import.meta.dirname, 'components/draw-icon.ts') },
    ],
  },
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    target: 'es2022',
    // Icons and fonts stay files: the policy of the page lets no style or font come from `data:`.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: true,
    rolldownOptions: {
      output: {
        // What every page needs in one file: it compresses better than in many.
        codeSplitting: {
          groups: [
            { name: 'base', test: (id) => OF_EVERY_PAGE.some((part) => part.test(id)) && !OF_FEW_PAGES.test(id) },
            // The first page with the code of what is on its way; other pages load it only while something is.
            { name: 'transcribe', test: (id) => OF_THE_FIRST_PAGE.some((part) => part.test(id)) },
            // The sentences around every page come with one request, in each language.
            { name: 'shell.en', test: /web\/(shell\/words|words\/common)\.en\.ts$/ },
            { name: 'shell.th', test: /web\/(shell\/words|words\/common)\.th\.ts$/ },
          ],
        },
      },
    },
  },
  server: {
    proxy: { '/api': SERVICE, '/v1': SERVICE },
  },
});
