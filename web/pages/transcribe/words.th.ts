import options from './intake/option-words.th.ts';
import lists from './list-words.th.ts';
import upload from './outbox/words.th.ts';
import page from './page-words.th.ts';
import hand from './queue/words.th.ts';
import recorder from './recorder/words.th.ts';
import engine from './start/words.th.ts';

export default { page, lists, hand, upload, recorder, options, engine };
