import options from './intake/option-words.th.ts';
import upload from './outbox/words.th.ts';
import hand from './queue/words.th.ts';
import recorder from './recorder/words.th.ts';
import engine from './start/words.th.ts';

export default { hand, upload, recorder, options, engine };
