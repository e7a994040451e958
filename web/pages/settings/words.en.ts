import page from './words/page.en.ts';
import people from './words/people.en.ts';
import recognition from './words/recognition.en.ts';
import { choices, names } from './words/setting-names.en.ts';
import upkeep from './words/upkeep.en.ts';

export default { page, people, recognition, upkeep, names, choices };
