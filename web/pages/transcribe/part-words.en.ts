import options from './intake/option-words.en.ts';
import upload from './outbox/words.en.ts';
import hand from './queue/words.en.ts';
import recorder from './recorder/words.en.ts';
import engine from './start/words.en.ts';

export default { hand, upload, recorder, options, engine };
