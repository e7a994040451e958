import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Submission } from '../../../src/jobs/submission.ts';

const run = promisify(execFile);

/** Cut into so many chunks of about two seconds that there is something to hit. */
const TEXTS = [
  'One winter night there was so much snow that no train could leave. We made coffee for everybody. ' +
    'The passengers stayed with us until the morning.',
  'The people of the city were very angry. They raised the money and the state agreed to help. ' +
    'The old station was opened again in the spring.',
  'My father worked on the railway for thirty years. He knew every driver by name. ' +
    'On Sundays he took us to see the big engines, and we were allowed to ring the bell.',
  'Good morning and welcome to the program. Today we talk about the river and the people who live on it. ' +
    'Our guest has been a fisherman all his life.',
];

/** A recording and how it is to be transcribed. */
export interface Recording {
  /** For the diary. */
  name: string;
  submission: Submission;
}

/** The engines that a chaos run can be made with. */
export const ENGINES = ['pocketsphinx', 'whisper'] as const;
export type ChaosEngine = (typeof ENGINES)[number];

/** Speaks the recordings, with one and two engine workers and with and without overlap. */
export async function recordings(folder: string, engine: ChaosEngine): Promise<Recording[]> {
  return await Promise.all(
    TEXTS.map(async (text, index) => {
      const path = join(folder, `speech ${index + 1}.wav`);
      await run('flite', ['-voice', index % 2 === 0 ? 'slt' : 'rms', '-t', text, '-o', path]);
      const processes = 1 + (index % 2);
      const overlapSeconds = index < 2 ? 0 : 0.3;
      const name = `speech ${index + 1} with ${processes} ${processes === 1 ? 'engine worker' : 'engine workers'}`;
      return { name, submission: submissionOf(path, engine, processes, overlapSeconds) };
    }),
  );
}

function submissionOf(path: string, engine: ChaosEngine, processes: number, overlapSeconds: number): Submission {
  return {
    path,
    engine,
    model: 'auto',
    language: 'auto',
    processes,
    workers: 1,
    preprocessWorkers: 1,
    chunkDurationSeconds: 2,
    overlapSeconds,
  };
}
