import lists from './list-words.en.ts';
import page from './page-words.en.ts';

export default { page, lists };
