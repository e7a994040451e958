import { catalogue } from '../words/catalogue.ts';

export const shellWords = catalogue({ en: () => import('./words.en.ts'), th: () => import('./words.th.ts') });
