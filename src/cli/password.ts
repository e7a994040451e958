import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { UsageError } from '../domain/errors.ts';

/**
 * A new password: asked for twice on a terminal, which does not show it; else the first line of standard input.
 * @throws UsageError when there is none, or the two are not the same
 */
export async function newPassword(name: string): Promise<string> {
  const { stdin, stderr } = process;
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: stdin, output: nowhere, terminal: stdin.isTTY ?? false, historySize: 0 });
  const lines = reader[Symbol.asyncIterator]();
  const ask = async (question: string): Promise<string> => {
    if (stdin.isTTY) stderr.write(question);
    const { value, done } = await lines.next();
    if (stdin.isTTY) stderr.write('\n');
    if (!done && value !== '') return value;
    throw new UsageError(
      'No password was given; nothing was changed.',
      stdin.isTTY ? undefined : 'Give it as the first line of standard input, or start this on a terminal.',
    );
  };
  try {
    const password = await ask(`Password for ${name}: `);
    if (!stdin.isTTY || password === (await ask('Once more: '))) return password;
    throw new UsageError('The two passwords are not the same; nothing was changed.', 'Try again.');
  } finally {
    reader.close();
  }
}
