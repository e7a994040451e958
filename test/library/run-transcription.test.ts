import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  BRIEF_CHUNKS,
  heldHome,
  jobOf,
  noneLeft,
  runTokens,
  SHORT_CHUNKS,
  storyFile,
  storyText,
  undisturbed,
} from '../chaos/support.ts';
import { descendants, Home } from '../support/cli.ts';
import { garbage, write } from '../support/media.ts';
import { smallModel } from '../support/small-model.ts';
import { speak } from '../support/speech.ts';
import { endingsOf, host, SHORT, start, startHost, textIn } from './support.ts';

const SENTENCE = 'the people of the city were very happy to see the train';
const COMPLETE = { result: { success: true } };

describe('without a number', () => {
  it('gives the text that the command gives, prints nothing and leaves nothing else', async () => {
    const home = new Home(await smallModel());
    const speech = await speak(SENTENCE);
    const { code, stdout, stderr } = await start(home, 'example.js', [speech, 'text.txt']).finished;
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(readdirSync(home.folder).sort()).toEqual(['data', 'text.txt']);
    expect(readdirSync(home.dataDir, { recursive: true })).toEqual(['untracked']);
    expect(textIn(home, 'text.txt')).toBe((await home.run(['transcribe', speech])).stdout);
  });

  it('gives the job’s log and the time, and tells how it comes along', async () => {
    const home = new Home({ ...(await smallModel()), LONGHAND_MODLE: 'base' });
    const running = startHost(home, [{ input: await speak(SENTENCE), output: 'text.srt' }]);
    const [ending] = await endingsOf(running);
    expect(ending).toMatchObject(COMPLETE);
    const { logs = [], elapsedSeconds } = ending?.result ?? {};
    expect(elapsedSeconds).toBeGreaterThan(0);
    expect(logs).toEqual(expect.arrayContaining([expect.stringMatching(/^\S+Z INFO {4}supervisor {2}Done$/)]));
    expect(logs.at(-1)).toMatch(/WARNING library .*LONGHAND_MODLE is not a setting; did you mean LONGHAND_MODEL\?$/);
    const percents = [...running.stderr.matchAll(/^0: ([\d.]+) %/gm)].map(([, percent]) => Number(percent));
    expect(percents.length).toBeGreaterThan(4);
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
    expect(percents.at(-1)).toBe(100);
    expect(textIn(home, 'text.srt')).toMatch(/^1\n00:00:00,\d{3} --> 00:00:0\d,\d{3}\n/);
  });

  it('tells of a recording that is none, and writes no text', async () => {
    const home = new Home(await smallModel());
    const input = await write('noise.wav', garbage(5000));
    const [ending] = await host(home, [{ input, output: 'text.txt' }]);
    expect(ending?.result).toMatchObject({ success: false, error: { kind: 'input' } });
    expect(ending?.result?.logs.at(-1)).toMatch(/ERROR {3}supervisor/);
    expect(readdirSync(home.folder)).toEqual(['data']);
    expect(readdirSync(join(home.dataDir, 'untracked'))).toEqual([]);
  });

  it('has what a killed one left removed by the next', async () => {
    const { home, held } = await heldHome(2);
    const input = await storyFile();
    const running = startHost(home, [{ input, output: 'text.txt', options: SHORT }]);
    await running.said(/, 1 done/);
    const [left = ''] = readdirSync(join(home.dataDir, 'untracked'));
    await running.kill();
    held.release();
    await noneLeft(await runTokens({ dataDir: join(home.dataDir, 'untracked', left) } as Home));
    expect(await host(home, [{ input: await speak(SENTENCE), output: 'text.txt' }])).toMatchObject([COMPLETE]);
    expect(readdirSync(join(home.dataDir, 'untracked'))).toEqual([]);
  });
});

it('never has more engine workers than there are cores', async () => {
  const { home, held } = await heldHome(2);
  const call = {
    input: await storyFile(),
    output: 'text.txt',
    options: { chunkDuration: 2, processes: 64, workers: 64 },
  };
  const running = startHost(home, [call]);
  await running.said(/, 1 done/);
  const below = descendants(running.child.pid as number);
  const workers = below.filter(({ command }) => command.startsWith('pocketsphinx'));
  expect(workers.length).toBeGreaterThan(0);
  expect(workers.length).toBeLessThanOrEqual(availableParallelism());
  held.release();
  expect(await endingsOf(running)).toMatchObject([COMPLETE]);
});

describe('with a number', () => {
  it('keeps the job under it, and writes the text of a complete one again', async () => {
    const home = new Home(await smallModel());
    const speech = await speak(SENTENCE);
    const call = { input: speech, output: 'text.txt', options: { jobId: 1234 } };
    const [first] = await host(home, [call]);
    expect(first).toMatchObject(COMPLETE);
    const log = readFileSync(join(home.dataDir, 'logs', 'transcribe_job_1234.log'), 'utf8');
    expect(first?.result?.logs).toEqual(log.trimEnd().split('\n'));
    const text = textIn(home, 'text.txt');
    expect((await home.run(['export', '1234'])).stdout).toBe(text);
    await rm(join(home.folder, 'text.txt'));
    expect(await host(home, [call])).toMatchObject([COMPLETE]);
    expect(textIn(home, 'text.txt')).toBe(text);
    expect((await jobOf(home, 1234)).runs).toHaveLength(1);
    // The numbers that are counted go on behind it.
    expect((await home.run(['transcribe', '--again', speech])).stderr).toMatch(/^Job 1235: /);
  });

  it('goes on from the checkpoint when the program was killed in the middle', async () => {
    const { home, held } = await heldHome(3);
    const input = await storyFile();
    const text = await storyText();
    const call = { input, output: 'text.txt', options: { ...SHORT, jobId: 7 } };
    const running = startHost(home, [call]);
    await running.said(/, 2 done/);
    await running.kill();
    held.release();
    expect(existsSync(join(home.folder, 'text.txt'))).toBe(false);
    await noneLeft(await runTokens(home));
    expect(await host(home, [call])).toMatchObject([COMPLETE]);
    expect(textIn(home, 'text.txt')).toBe(text);
    const { runs, chunks } = await jobOf(home, 7);
    expect(runs).toMatchObject([{ outcome: 'orphaned' }, { outcome: 'completed' }]);
    expect(runs.reduce((sum, run) => sum + run.chunksCommitted, 0)).toBe(chunks.total);
  });

  it('is refused for another recording, under another name or the same', async () => {
    const home = new Home(await smallModel());
    const input = join(home.folder, 'story.wav');
    await copyFile(await speak(SENTENCE), input);
    const call = { input, output: 'text.txt', options: { jobId: 7 } };
    expect(await host(home, [call])).toMatchObject([COMPLETE]);
    await rm(join(home.folder, 'text.txt'));
    const another = await speak('good morning');
    const [byName] = await host(home, [{ ...call, input: another }]);
    expect(byName?.thrown).toEqual({
      name: 'UsageError',
      message: `Job 7 is for another recording, "${input}".`,
      remedy: `Choose another number for "${another}".`,
    });
    await copyFile(another, input);
    const [byContent] = await host(home, [call]);
    expect(byContent?.thrown?.message).toBe(`"${input}" is no longer the recording that job 7 was made for.`);
    expect(existsSync(join(home.folder, 'text.txt'))).toBe(false);
    expect((await jobOf(home, 7)).runs).toHaveLength(1);
  });

  it('keeps the text when it cannot be written', async () => {
    const { home, held } = await heldHome(2);
    await mkdir(join(home.folder, 'texts'));
    const call = { input: await storyFile(), output: 'texts/a.txt', options: { ...SHORT, jobId: 1 } };
    const running = startHost(home, [call]);
    await running.said(/, 1 done/);
    await rm(join(home.folder, 'texts'), { recursive: true });
    held.release();
    const [ending] = await endingsOf(running);
    expect(ending?.result).toMatchObject({ success: false, error: { kind: 'disk' } });
    expect(await host(home, [{ ...call, output: 'b.txt' }])).toMatchObject([COMPLETE]);
    expect((await jobOf(home, 1)).runs).toHaveLength(1);
    expect(textIn(home, 'b.txt').trim()).not.toBe('');
  });

  it('is not kept where tracking is switched off', async () => {
    const home = new Home({ ...(await smallModel()), LONGHAND_PROCESS_TRACKING: 'false' });
    const [ending] = await host(home, [{ input: await speak(SENTENCE), output: 'text.txt', options: { jobId: 7 } }]);
    expect(ending).toMatchObject(COMPLETE);
    expect(ending?.result?.logs.at(-1)).toMatch(/Tracking is switched off .*, so there is no job 7\.$/);
    expect(readdirSync(home.dataDir, { recursive: true })).toEqual(['untracked']);
  });
});

const texts = new Map<string, Promise<string>>();

/** What the command makes of a short recording; made once. */
function textOfCommand(input: string): Promise<string> {
  const text = texts.get(input) ?? smallModel().then((env) => undisturbed(new Home(env), input, ['--untracked']));
  texts.set(input, text);
  return text;
}

describe('several calls at once', () => {
  it.each(['kept', 'not kept'])('are all done, each once, when they are %s', async (kept) => {
    const home = new Home(await smallModel());
    const spoken = [SENTENCE, 'good morning and welcome to the program', 'the state agreed to help'];
    const calls = await Promise.all(
      spoken.map(async (text, index) => ({
        input: await speak(text),
        output: `${index}.txt`,
        options: kept === 'kept' ? { jobId: index + 1 } : {},
      })),
    );
    expect(await host(home, calls)).toMatchObject([COMPLETE, COMPLETE, COMPLETE]);
    for (const [index, { input }] of calls.entries()) {
      expect(textIn(home, `${index}.txt`)).toBe(await textOfCommand(input));
    }
    const { jobs } = await home.json<{ jobs: { id: number }[] }>(['jobs']);
    expect(jobs.map(({ id }) => id).sort()).toEqual(kept === 'kept' ? [1, 2, 3] : []);
    // A job that changed its owner would have had two.
    for (const { id } of jobs) expect((await jobOf(home, id)).runs).toHaveLength(1);
    // What is kept needs no such folder.
    const passing = join(home.dataDir, 'untracked');
    expect(existsSync(passing) ? readdirSync(passing) : []).toEqual([]);
  });

  it('may be for the same job; one that is aborted does not stop it for the other', async () => {
    const home = new Home(await smallModel());
    const input = await storyFile();
    const options = { ...SHORT, jobId: 1 };
    const endings = await host(home, [
      { input, output: 'a.txt', options },
      { input, output: 'b.txt', options, abortAt: 1 },
      { input, output: 'c.txt', options },
    ]);
    expect(endings).toMatchObject([COMPLETE, { thrown: { message: 'enough' } }, COMPLETE]);
    expect(textIn(home, 'a.txt')).toBe(textIn(home, 'c.txt'));
    expect(existsSync(join(home.folder, 'b.txt'))).toBe(false);
    expect((await jobOf(home, 1)).runs).toMatchObject([{ outcome: 'completed' }]);
  });

  it('do not disturb jobs of terminals: as their client, and as an owner that ends before them', async () => {
    const { home, held } = await heldHome(1);
    const story = await storyFile();
    const text = await storyText();
    const short = { input: await speak(SENTENCE), output: 'text.txt' };
    const first = home.start(['transcribe', ...SHORT_CHUNKS, story]);
    await first.said(/Processing chunk 1\//);
    const client = startHost(home, [{ ...short, options: { jobId: 100 } }]);
    await client.said(/^0: /);
    held.release();
    expect(await endingsOf(client)).toMatchObject([COMPLETE]);
    expect((await first.finished).stdout).toBe(text);
    held.holdFrom(2);
    const library = startHost(home, [{ input: story, output: 'story.txt', options: { ...SHORT, jobId: 200 } }]);
    await library.said(/, 1 done/);
    // Of more chunks: it is not done when the library's job is, which lets go what is held.
    const second = home.start(['transcribe', ...BRIEF_CHUNKS, story]);
    await second.said(/Processing chunk 2\//);
    held.holdFrom(4);
    await library.said(/, 3 done/);
    held.holdFrom(5);
    expect(await endingsOf(library)).toMatchObject([COMPLETE]);
    held.release();
    const { code, stdout } = await second.finished;
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: await undisturbed(new Home(await smallModel()), story, BRIEF_CHUNKS),
    });
    const { runs } = await jobOf(home, 201);
    expect(runs).toMatchObject([{ outcome: 'stopped', reason: 'shutdown' }, { outcome: 'completed' }]);
    await noneLeft(await runTokens(home));
  });
});

describe('an abort', () => {
  it('stops at the checkpoint, from where the next call goes on', async () => {
    const { home, held } = await heldHome(3);
    const input = await storyFile();
    const text = await storyText();
    const call = { input, output: 'text.txt', options: { ...SHORT, jobId: 7 } };
    expect(await host(home, [{ ...call, abortAt: 1 }])).toMatchObject([{ thrown: { message: 'enough' } }]);
    expect(existsSync(join(home.folder, 'text.txt'))).toBe(false);
    await noneLeft(await runTokens(home));
    const stopped = await jobOf(home, 7);
    expect(stopped).toMatchObject({ status: 'pending', runs: [{ outcome: 'stopped', reason: 'interrupted' }] });
    expect(stopped.chunks.complete).toBeGreaterThanOrEqual(1);
    held.release();
    expect(await host(home, [call])).toMatchObject([COMPLETE]);
    expect(textIn(home, 'text.txt')).toBe(text);
  });

  it('leaves nothing of a job without a number, and one before the call does nothing', async () => {
    const { home } = await heldHome(3);
    const input = await storyFile();
    const call = { input, output: 'text.txt', options: SHORT };
    const enough = { thrown: { name: 'Error', message: 'enough' } };
    expect(
      await host(home, [
        { ...call, abortAt: 1 },
        { ...call, abortAt: 'start' },
      ]),
    ).toMatchObject([enough, enough]);
    expect(readdirSync(home.folder)).toEqual(['data']);
    expect(readdirSync(join(home.dataDir, 'untracked'))).toEqual([]);
  });
});

describe('an onProgress that fails', () => {
  it.each([
    ['now', /onProgress threw: the caller is\\x0aat fault \(\d+ times; this was the first\)$/],
    ['later', /onProgress threw: the caller is at fault later \(\d+ times; this was the first\)$/],
  ] as const)('%s is counted and told, and fails nothing', async (throws, told) => {
    const home = new Home(await smallModel());
    const [ending] = await host(home, [{ input: await speak(SENTENCE), output: 'text.txt', throws }]);
    expect(ending).toMatchObject(COMPLETE);
    expect(ending?.result?.logs.at(-1)).toMatch(told);
    expect(textIn(home, 'text.txt').trim()).not.toBe('');
  });
});
