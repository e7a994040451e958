/** A line may be no longer than this; what is beyond it is cut, with a notice. */
export const MAX_LINE_CHARACTERS = 4_000;

// C0, DEL, C1 and the Unicode line and direction controls that terminals and editors act on.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
// The same but for the newline.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
const CONTROL_CHARACTERS_IN_LINES = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** One line of text: control characters are made visible, so that no recording's name can break or forge a line. */
export function printable(text: string): string {
  return cutLine(visible(text));
}

/** Control characters as `\x1b`; a tab as a blank. */
export function visible(text: string): string {
  return text.replace(CONTROL_CHARACTERS, escapeOf);
}

/** As `visible` for text of many lines: newlines stay. */
export function visibleLines(text: string): string {
  // Tabs are common, and this is the quick way.
  return text.replace(/\t/g, ' ').replace(CONTROL_CHARACTERS_IN_LINES, escapeOf);
}

function escapeOf(character: string): string {
  return character === '\t' ? ' ' : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/**
 * The beginning of a line that is too long, with a notice.
 * @param leftOut characters (of what was never decoded: bytes) that the line had beyond `line`
 */
export function cutLine(line: string, leftOut = 0): string {
  if (line.length <= MAX_LINE_CHARACTERS) return leftOut === 0 ? line : `${line} [${leftOut} more characters cut]`;
  // Not between the two halves of a character.
  const end = (line.codePointAt(MAX_LINE_CHARACTERS - 1) ?? 0) > 0xffff ? MAX_LINE_CHARACTERS - 1 : MAX_LINE_CHARACTERS;
  return `${line.slice(0, end)} [${line.length - end + leftOut} more characters cut]`;
}
