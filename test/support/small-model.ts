/**
 * A PocketSphinx that knows a few sentences only: the program and the acoustic model that are installed, with a dictionary and
 * a language model of some sixty words. It loads in a tenth of the time and hears in half, so it is for tests that need the
 * text of a recording but ask nothing about how well or how long it is recognised. A test that interrupts a job in the midst
 * holds it there (`HeldModel`): else the job may be over before the test comes to it.
 */
import { randomUUID } from 'node:crypto';
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
import { basename, delimiter, dirname, join } from 'node:path';
import {
  DEFAULT_MODEL,
  PROGRAM,
  readModelFolder,
  resolvePocketSphinxModel,
} from '../../src/engines/pocketsphinx-install.ts';
import { findProgram } from '../../src/native/spawn.ts';
import { SHARED_FOLDER } from './leave-nothing.ts';
import { scratchPath } from './scratch.ts';

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
  'good morning it is a great pleasure to be here with you today',
  'we are going to speak about the old railroad station and the people who work there every day',
].map((sentence) => ['<s>', ...sentence.split(' '), '</s>']);

/** Of the chance of a word after another this much comes from the pairs above; the rest is any word's, after any. */
const PAIRS = 0.7;

/** What must be in the environment of a command, so that it finds this PocketSphinx first. */
export async function smallModel(): Promise<{ PATH: string }> {
  return await installed('small-model', (program, path) => symlinkSync(program, path));
}

/** The folder of the model, for a recogniser that is started by hand. */
export async function smallModelFolder(): Promise<string> {
  const [bin = ''] = (await smallModel()).PATH.split(delimiter);
  return join(dirname(bin), 'share', 'pocketsphinx', 'model', DEFAULT_MODEL);
}

/**
 * The same, but its program keeps a chunk from the recogniser as long as a test wants. So a job is interrupted where the
 * test means it to be, however fast it is and however busy the machine.
 */
export class HeldModel {
  readonly #file = scratchPath(`held-${randomUUID()}`);

  /** What must be in the environment of a command. */
  async env(): Promise<{ PATH: string; [HELD]: string }> {
    const environment = await installed('held-model', (program, path) => {
      writeFileSync(path, holdingProgram(program), { mode: 0o755 });
    });
    return { ...environment, [HELD]: this.#file };
  }

  /** Lets the chunks before this one go, and holds the others. They are counted for each engine worker, from 1. */
  holdFrom(chunk: number): void {
    writeFileSync(`${this.#file}.new`, `${chunk}\n`);
    renameSync(`${this.#file}.new`, this.#file);
  }

  /** Lets all go. */
  release(): void {
    rmSync(this.#file, { force: true });
  }
}

/** Names the file that holds the number of the first held chunk. */
const HELD = 'TEST_HELD_OF_LONGHAND';

/**
 * Passes on, line by line, the list of what is to be recognised. The recogniser is the process that was started; what passes
 * on is a child of it and ends with the list, when the other end is closed. The first line is the silence that a worker is
 * tried out with.
 */
function holdingProgram(program: string): string {
  return `#!/usr/bin/env bash
others=()
while [ $# -gt 0 ]; do
  if [ "$1" = -ctl ]; then list=$2; shift; else others+=("$1"); fi
  shift
done
pass_on() {
  local chunk=0 from line
  while read -r line; do
    while read -r from <"$${HELD}" && [ "$chunk" -gt 0 ] && [ "$chunk" -ge "$from" ]; do sleep 0.02; done
    echo "$line"
    chunk=$((chunk + 1))
  done
}
[ -n "$list" ] || exec '${program}' "\${others[@]}"
exec '${program}' "\${others[@]}" -ctl /dev/fd/3 3< <(exec 2>/dev/null; pass_on <"$list")
`;
}

/**
 * A PocketSphinx laid out as it is installed, with the small model.
 * @param placeProgram puts at this path what starts the program
 */
async function installed(
  name: string,
  placeProgram: (program: string, path: string) => void,
): Promise<{ PATH: string }> {
  const prefix = join(process.env[SHARED_FOLDER] as string, name);
  if (!existsSync(prefix)) await make(prefix, placeProgram);
  return { PATH: `${join(prefix, 'bin')}:${process.env.PATH}` };
}

/** Made aside and renamed: another process may make the same at this moment. */
async function make(prefix: string, placeProgram: (program: string, path: string) => void): Promise<void> {
  const { path } = await resolvePocketSphinxModel(DEFAULT_MODEL);
  const { acoustic, dictionary } = await readModelFolder(path as string);
  const aside = mkdtempSync(`${prefix}-`);
  const folder = join(aside, 'share', 'pocketsphinx', 'model', DEFAULT_MODEL);
  mkdirSync(folder, { recursive: true });
  mkdirSync(join(aside, 'bin'));
  placeProgram(findProgram(PROGRAM) as string, join(aside, 'bin', PROGRAM));
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
