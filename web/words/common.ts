/** Words that several parts of the page use. */
import { catalogue } from './catalogue.ts';

export const commonWords = catalogue({ en: () => import('./common.en.ts'), th: () => import('./common.th.ts') });
