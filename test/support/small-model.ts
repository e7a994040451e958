/**
 * A PocketSphinx that knows a few sentences only: the program and the acoustic model that are installed, with a dictionary and
 * a language model of some sixty words. It loads in a tenth of the time and hears in half, so it is for tests that need the
 * text of a recording but ask nothing about how well or how long it is recognised. Tests that interrupt a job in the midst
 * take the installed model: with this one a job may be over before they come to it.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import {
  DEFAULT_MODEL,
  PROGRAM,
  readModelFolder,
  resolvePocketSphinxModel,
} from '../../src/engines/pocketsphinx-install.ts';
import { findProgram } from '../../src/native/spawn.ts';
import { SHARED_FOLDER } from './leave-nothing.ts';

const SENTENCES = [
  'one winter night there was so much snow that no train could leave',
  'we made coffee for everybody',
  'the passengers stayed with us until the morning',
  'the people of the city were very angry',
  'they raised the money and the state agreed to help',
  'the people of the city were very happy to see the train',
  'good morning and welcome to the program',
  'good morning',
  'the train was late',
  'we made coffee for the passengers of the train',
].map((sentence) => ['<s>', ...sentence.split(' '), '</s>']);

/** Of the chance of a word after another this much comes from the pairs above; the rest is any word's, after any. */
const PAIRS = 0.7;

/** What must be in the environment of a command, so that it finds this PocketSphinx first. */
export async function smallModel(): Promise<{ PATH: string }> {
  const prefix = join(process.env[SHARED_FOLDER] as string, 'small-model');
  if (!existsSync(prefix)) await make(prefix);
  return { PATH: `${join(prefix, 'bin')}:${process.env.PATH}` };
}

/** Laid out as it is installed. Made aside and renamed: another process may make the same at this moment. */
async function make(prefix: string): Promise<void> {
  const { path } = await resolvePocketSphinxModel(DEFAULT_MODEL);
  const { acoustic, dictionary } = await readModelFolder(path as string);
  const aside = mkdtempSync(`${prefix}-`);
  const folder = join(aside, 'share', 'pocketsphinx', 'model', DEFAULT_MODEL);
  mkdirSync(folder, { recursive: true });
  mkdirSync(join(aside, 'bin'));
  symlinkSync(findProgram(PROGRAM) as string, join(aside, 'bin', PROGRAM));
  symlinkSync(acoustic, join(folder, basename(acoustic)));
  writeFileSync(join(folder, 'small.dict'), entriesOf(readFileSync(dictionary, 'utf8')));
  writeFileSync(join(folder, 'small.lm'), languageModel());
  try {
    renameSync(aside, prefix);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
    rmSync(aside, { recursive: true }); // Another process was first.
  }
}

/** The lines of a dictionary about words of the sentences; further ways to say a word are written as `the(2)`. */
function entriesOf(dictionary: string): string {
  const words = new Set(SENTENCES.flat());
  const entries = dictionary.split('\n').filter((line) => words.has(line.split(/[ (]/)[0] as string));
  return `${entries.join('\n')}\n`;
}

/** In the format of ARPA (http://www.speech.sri.com/projects/srilm/manpages/ngram-format.5.html), with pairs of words. */
function languageModel(): string {
  const words = counted(SENTENCES.flat());
  const pairs = counted(SENTENCES.flatMap((all) => all.slice(1).map((word, index) => `${all[index]} ${word}`)));
  const total = SENTENCES.flat().length;
  const log = (chance: number) => Math.log10(chance).toFixed(4);
  return [
    ...['\\data\\', `ngram 1=${words.size}`, `ngram 2=${pairs.size}`, '', '\\1-grams:'],
    ...[...words].map(([word, count]) => `${word === '<s>' ? '-99' : log(count / total)} ${word} ${log(1 - PAIRS)}`),
    ...['', '\\2-grams:'],
    ...[...pairs].map(([pair, count]) => {
      return `${log((PAIRS * count) / (words.get(pair.split(' ')[0] as string) as number))} ${pair}`;
    }),
    ...['', '\\end\\', ''],
  ].join('\n');
}

function counted(all: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const one of [...all].sort()) counts.set(one, (counts.get(one) ?? 0) + 1);
  return counts;
}
