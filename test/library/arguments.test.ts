import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Home } from '../support/cli.ts';
import { speak } from '../support/speech.ts';
import { type Call, type Ending, host } from './support.ts';

describe('wrong arguments', () => {
  it('are refused before anything is made', async () => {
    const home = new Home();
    const input = await speak('good morning');
    const output = 'text.txt';
    await writeFile(join(home.folder, 'recording.txt'), await readFile(input));
    await mkdir(join(home.folder, 'folder.txt'));
    const refusals: [call: Call, message: RegExp][] = [
      [{ input: 'nowhere.wav', output }, /There is no file ".*nowhere\.wav"/],
      [{ input: '.', output }, /is a folder/],
      [{ input: 7, output }, /The input must be the path of a recording/],
      [{ input, output: 'text.doc' }, /"text\.doc" has no extension .* \.txt, \.srt, \.vtt, \.json or \.docx/],
      [{ input, output: 'text' }, /"text" has no extension/],
      [{ input, output: '' }, /The output must be the path of a file/],
      [{ input, output: 'missing/text.txt' }, /There is no folder ".*missing" for the text/],
      [{ input, output: 'folder.txt' }, /folder\.txt" is a folder/],
      [{ input: 'recording.txt', output: 'recording.txt' }, /is the recording itself/],
      [{ input, output, options: { modle: 'base' } }, /There is no option "modle".*Did you mean "model"\?/],
      [{ input, output, options: { engine: 'siri' } }, /The option engine cannot be used: it must be one of auto/],
      [{ input, output, options: { processes: 0 } }, /The option processes cannot be used: it must be above 0/],
      [{ input, output, options: { chunkDuration: -1 } }, /The option chunkDuration cannot be used/],
      [{ input, output, options: { jobId: 0 } }, /jobId must be a whole number from 1/],
      [{ input, output, options: { jobId: 1.5 } }, /jobId must be a whole number from 1/],
      [{ input, output, options: { onProgress: 'loudly' } }, /onProgress must be a function/],
      [{ input, output, options: { signal: {} } }, /signal must be an AbortSignal/],
    ];
    const endings = await host(
      home,
      refusals.map(([call]) => call),
    );
    expect(endings.map(({ thrown }) => thrown?.name)).toEqual(refusals.map(() => 'UsageError'));
    for (const [index, [, message]] of refusals.entries()) expect(told(endings[index])).toMatch(message);
    expect(existsSync(home.dataDir)).toBe(false);
  });

  it('are refused where only the engine knows, and no job is made', async () => {
    const home = new Home();
    const input = await speak('good morning');
    const options = { engine: 'pocketsphinx', jobId: 1 };
    const endings = await host(home, [
      { input, output: 'a.txt', options: { ...options, language: 'th' } },
      { input, output: 'a.txt', options: { ...options, model: 'huge' } },
      { input, output: 'a.txt', options: { ...options, chunkDuration: 500 } },
    ]);
    expect(endings.map(({ thrown }) => thrown?.name)).toEqual(['UsageError', 'UsageError', 'UsageError']);
    expect(endings.map(told)).toEqual([
      expect.stringMatching(/does not know the language "th"/),
      expect.stringMatching(/huge/),
      expect.stringMatching(/too long for PocketSphinx/),
    ]);
    expect((await home.json<{ jobs: unknown[] }>(['jobs'])).jobs).toEqual([]);
  });

  it('a data folder that cannot be used is told', async () => {
    const home = new Home({ LONGHAND_DATA: '/proc/longhand' });
    const input = await speak('good morning');
    const endings = await host(home, [
      { input, output: 'a.txt' },
      { input, output: 'a.txt', options: { jobId: 1 } },
    ]);
    for (const ending of endings) expect(told(ending)).toMatch(/data folder \/proc\/longhand cannot be used/);
  });
});

function told(ending: Ending | undefined): string {
  return `${ending?.thrown?.message} ${ending?.thrown?.remedy}`;
}
