/** What those parts of the first page say that are loaded when they are needed. */
import { catalogue } from '../../words/catalogue.ts';

export const partWords = catalogue({ en: () => import('./part-words.en.ts'), th: () => import('./part-words.th.ts') });
