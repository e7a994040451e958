/** What the first page says, but for its parts that are loaded when they are needed (part-words.ts). */
import { catalogue } from '../../words/catalogue.ts';

export const transcribeWords = catalogue({ en: () => import('./words.en.ts'), th: () => import('./words.th.ts') });
