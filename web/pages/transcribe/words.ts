/** What the first page says, part by part. */
import { catalogue } from '../../words/catalogue.ts';

export const transcribeWords = catalogue({ en: () => import('./words.en.ts'), th: () => import('./words.th.ts') });
