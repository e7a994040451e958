/** The names that clients give to what they upload: any characters at all, until they were looked at here. */
import { extname } from 'node:path';

/** What a recording is called for which nothing usable was said. */
const NAMELESS = 'recording';
const SHOWN_CHARACTERS = 255;
/** Most file systems take 255 bytes; what is added to a name while a file is written has room too. */
const FILE_BYTES = 200;
/** A longer ending is no file's type. */
const ENDING_BYTES = 20;

// C0, DEL, C1, the Unicode line and direction controls, and halves of characters.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/gu;

/**
 * A client's name as it is shown: without the folders before it and without what cannot be printed, at most 255 characters.
 * Never empty.
 */
export function shownName(name: string): string {
  const shown = [...bareName(name)].slice(0, SHOWN_CHARACTERS).join('').trim();
  return /^[.\s]*$/.test(shown) ? NAMELESS : shown;
}

/** A client's name as one that any folder takes, at most 200 bytes, its ending kept. It never begins with a dot. */
export function fileName(name: string): string {
  const visible = bareName(name).replace(/^[.\s]+/, '');
  const ending = Buffer.byteLength(extname(visible)) <= ENDING_BYTES ? extname(visible) : '';
  const stem = cutBytes(
    visible.slice(0, visible.length - ending.length),
    FILE_BYTES - Buffer.byteLength(ending),
  ).trim();
  return `${stem || NAMELESS}${ending}`;
}

/** Without folders, and without what cannot be printed. */
function bareName(name: string): string {
  const last = name.normalize('NFC').replace(UNPRINTABLE, '').split(/[/\\]/).at(-1) ?? '';
  return last.trim();
}

/** As many whole characters as fit into so many bytes of UTF-8. */
function cutBytes(text: string, bytes: number): string {
  let left = bytes;
  let cut = '';
  for (const character of text) {
    left -= Buffer.byteLength(character);
    if (left < 0) break;
    cut += character;
  }
  return cut;
}
