import lists from './list-words.th.ts';
import page from './page-words.th.ts';

export default { page, lists };
