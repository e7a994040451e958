/**
 * What must be there before a command can do its job. `engine` 'any' means: the best engine this machine can get.
 * @typedef {{ programs: string[], engine: 'any' | 'none' }} Needs
 */

/** The commands that turn recordings into text. All others only read, or (`doctor`) must be able to say what is missing. */
const TRANSCRIBING = new Set(['transcribe', 'watch', 'resume', 'serve', 'start', 'restart']);
const MEDIA = ['ffmpeg', 'ffprobe'];

/**
 * @param {string[]} args what follows `longhand`
 * @returns {Needs}
 */
export function needsOf(args) {
  const end = args.indexOf('--');
  const words = end === -1 ? args : args.slice(0, end);
  const command = words.find((word) => !word.startsWith('-'));
  const asksForHelp = words.includes('--help') || words.includes('-h');
  if (command === undefined || !TRANSCRIBING.has(command) || asksForHelp) return { programs: [], engine: 'none' };
  switch (optionOf(words, '--engine')) {
    case 'openai':
      return { programs: MEDIA, engine: 'none' };
    case 'pocketsphinx':
      return { programs: [...MEDIA, 'pocketsphinx_batch'], engine: 'none' };
    default:
      return NEEDS_OF_TRANSCRIBING;
  }
}

/**
 * The tests synthesise speech and recognise it for real, with what every machine can have, build whisper.cpp, and start a
 * PostgreSQL server of their own.
 * @type {Needs}
 */
export const NEEDS_OF_TESTS = {
  programs: [...MEDIA, 'pocketsphinx_batch', 'flite', 'cmake', 'make', 'g++', 'initdb', 'chromium'],
  engine: 'none',
};

/**
 * By hand: all that turning recordings into text takes.
 * @type {Needs}
 */
export const NEEDS_OF_TRANSCRIBING = { programs: MEDIA, engine: 'any' };

/**
 * @param {string[]} words
 * @param {string} name
 */
function optionOf(words, name) {
  const at = words.findLastIndex((word) => word === name || word.startsWith(`${name}=`));
  if (at === -1) return undefined;
  return words[at] === name ? words[at + 1] : words[at].slice(name.length + 1);
}
