import { catalogue } from '../../words/catalogue.ts';

export const jobWords = catalogue({ en: () => import('./words.en.ts'), th: () => import('./words.th.ts') });
