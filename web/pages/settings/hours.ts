/** Between the hours for work as a setting has them (`22:00-07:00, 12:00-13:00`) and as fields of a time each. */

/** Each as `HH:MM`; empty: not said. */
export interface Hours {
  from: string;
  to: string;
}

const PAIR = /^(\d{1,2}:\d\d)?\s*[-–]\s*(\d{1,2}:\d\d)?$/;
/** A day ends where a field can only say that the next one begins. */
const [MIDNIGHT, DAY_END] = ['00:00', '24:00'];

/** At least one; where nothing is set, one that says nothing. */
export function hoursOf(text: string): Hours[] {
  return text.split(',').map((part) => {
    const [, from = '', to = ''] = PAIR.exec(part.trim()) ?? [];
    return { from: twoDigits(from), to: to === DAY_END ? MIDNIGHT : twoDigits(to) };
  });
}

function twoDigits(time: string): string {
  return /^\d:/.test(time) ? `0${time}` : time;
}

/** What the setting would be; nothing where nothing is said. */
export function textOf(all: readonly Hours[]): string {
  const [first] = all;
  if (!first || (all.length === 1 && first.from === '' && first.to === '')) return '';
  return all.map(({ from, to }) => `${from}-${to === MIDNIGHT ? DAY_END : to}`).join(', ');
}

/** What is wrong with them: one lacks its beginning or its end, or ends when it begins. */
export function faultOfHours(text: string): 'half' | 'nothing' | undefined {
  if (text.trim() === '') return undefined;
  const all = hoursOf(text);
  if (all.some(({ from, to }) => from === '' || to === '')) return 'half';
  return all.some(({ from, to }) => from === to && from !== MIDNIGHT) ? 'nothing' : undefined;
}
