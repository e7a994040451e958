import { catalogue } from '../../words/catalogue.ts';

export const historyWords = catalogue({ en: () => import('./words.en.ts'), th: () => import('./words.th.ts') });
