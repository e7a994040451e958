import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** `vite` alone, for working on the page, asks a service that runs beside it. */
const SERVICE = process.env.LONGHAND_ADDRESS ?? 'http://127.0.0.1:7420';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
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
            {
              name: 'base',
              test: /node_modules\/(react|react-dom|scheduler|@tanstack\/(react-router|router-core|history|react-store|store|react-query|query-core))\//,
            },
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
