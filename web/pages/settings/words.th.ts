import page from './words/page.th.ts';
import people from './words/people.th.ts';
import recognition from './words/recognition.th.ts';
import { choices, names } from './words/setting-names.th.ts';
import upkeep from './words/upkeep.th.ts';

export default { page, people, recognition, upkeep, names, choices };
