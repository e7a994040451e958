import { createInterface } from 'node:readline/promises';
import { UsageError } from '../domain/errors.ts';

/**
 * Asks on the terminal before something is done that cannot be taken back, or is done to many.
 * @returns whether the answer was yes
 * @throws UsageError where nobody can be asked
 */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new UsageError(`${question} Nobody can be asked here.`, 'To do it without a question, add --yes.');
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} Go on? [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    // Ctrl-C or Ctrl-D at the question is a no.
    if ((error as { code?: string }).code === 'ABORT_ERR') return false;
    throw error;
  } finally {
    terminal.close();
  }
}
