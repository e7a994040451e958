/** What the settings say, part by part. */
import { catalogue } from '../../words/catalogue.ts';

export const settingsWords = catalogue({ en: () => import('./words.en.ts'), th: () => import('./words.th.ts') });
