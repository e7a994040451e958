import { readFileSync } from 'node:fs';
import { copyFile, mkdir, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../src/package-root.ts';
import { Home } from '../support/cli.ts';
import { speak } from '../support/speech.ts';
import { wordErrors } from '../support/word-errors.ts';

const SENTENCE = 'the people of the city were very happy to see the train';

describe('longhand transcribe', () => {
  it('prints the interview of the samples with at most 10 % word errors', async () => {
    const home = new Home();
    const { code, stdout, stderr } = await home.run(['transcribe', join(PACKAGE_ROOT, 'samples', 'interview.flac')]);
    expect(code).toBe(0);
    const words = readFileSync(join(PACKAGE_ROOT, 'samples', 'interview.txt'), 'utf8');
    expect(wordErrors(words, stdout).rate).toBeLessThanOrEqual(0.1);
    expect(stderr.split('\n')[0]).toBe('Job 1: interview.flac (pocketsphinx, model en-us)');
    expect(stderr).toMatch(/Processing chunk 2\/\d/);
    expect(stderr).toMatch(/Speed: \d+\.\dx realtime/);
    const log = readFileSync(join(home.dataDir, 'logs', 'transcribe_job_1.log'), 'utf8');
    expect(log).toMatch(/^\S+Z INFO {4}transcribe {2}Processing chunk 1\/\d$/m);
  });

  it('keeps everything private and nothing that is no longer needed', async () => {
    const home = new Home();
    const { code } = await home.run(['transcribe', await speak(SENTENCE)]);
    expect(code).toBe(0);
    for (const entry of await readdir(home.dataDir, { recursive: true, withFileTypes: true })) {
      const { mode } = await stat(join(entry.parentPath, entry.name));
      expect([entry.name, mode & 0o777]).toEqual([entry.name, entry.isDirectory() ? 0o700 : 0o600]);
    }
    expect((await readdir(join(home.dataDir, 'jobs', '1'), { recursive: true })).sort()).toEqual([
      'media',
      expect.stringMatching(/^media\/waveform-[0-9a-f]{64}\.json$/),
      'transcript.json',
    ]);
    expect(await readdir(home.dataDir)).not.toContain('owner.sock');
  });

  it('writes the formats asked for into a folder, and never over another recording', async () => {
    const home = new Home();
    const speech = await speak(SENTENCE);
    const other = join(home.folder, 'other', basename(speech));
    await mkdir(join(home.folder, 'other'));
    await copyFile(await speak('good morning', { voice: 'rms' }), other);
    const options = ['--format', 'srt', '--format', 'vtt', '--output', 'texts'];
    const first = await home.run(['transcribe', speech, ...options]);
    expect(first).toMatchObject({ code: 0, stdout: '' });
    const second = await home.run(['transcribe', other, ...options]);
    expect(second.code).toBe(0);
    const names = (await readdir(join(home.folder, 'texts'))).sort();
    expect(names).toHaveLength(4);
    expect(names.filter((name) => name.includes('.job-2.'))).toHaveLength(2);
    const srt = names.find((name) => name.endsWith('.srt')) as string;
    expect(readFileSync(join(home.folder, 'texts', srt), 'utf8')).toMatch(/^1\n00:00:00,\d{3} --> 00:00:0\d,\d{3}\n/);
  });

  it('prints one JSON document with --json', async () => {
    const home = new Home();
    const document = await home.json<{ jobs: { id: number; status: string; text: string }[] }>([
      'transcribe',
      await speak(SENTENCE),
      await speak('good morning', { voice: 'rms' }),
    ]);
    expect(document.jobs.map(({ id, status }) => [id, status])).toEqual([
      [1, 'completed'],
      [2, 'completed'],
    ]);
    expect(wordErrors(SENTENCE, document.jobs[0]?.text ?? '').rate).toBeLessThan(0.4);
  });

  it('shows, lists and exports what was done', async () => {
    const home = new Home();
    const { stdout } = await home.run(['transcribe', await speak(SENTENCE)]);
    expect((await home.run(['export', '1'])).stdout).toBe(stdout);
    const shown = await home.json<{ runs: unknown[]; stages: { name: string; status: string }[]; chunks: unknown }>([
      'show',
      '1',
    ]);
    expect(shown.runs).toMatchObject([{ number: 1, outcome: 'completed', chunksCommitted: 1 }]);
    expect(shown.stages.filter(({ status }) => status === 'complete').map(({ name }) => name)).toEqual([
      'prepare',
      'transcribe',
    ]);
    expect(shown.chunks).toEqual({ total: 1, complete: 1, failed: 0 });
    const transcript = await home.json<{ segments: { words: { startMs: number; confidence: number }[] }[] }>([
      'export',
      '1',
    ]);
    const words = transcript.segments.flatMap((segment) => segment.words);
    expect(words.length).toBeGreaterThan(5);
    expect(words.every(({ startMs, confidence }) => startMs >= 0 && confidence >= 0 && confidence <= 1)).toBe(true);
    const { stdout: log } = await home.run(['logs', '1', '-n', '2']);
    expect(log.split('\n')).toHaveLength(3);
    expect(log).toMatch(/Done\n$/);
    const { jobs } = await home.json<{ jobs: { id: number }[] }>(['jobs', '--status', 'completed']);
    expect(jobs).toMatchObject([{ id: 1, progress: 100, engine: 'pocketsphinx' }]);
  });

  it('keeps nothing of an untracked transcription', async () => {
    const home = new Home();
    const { code, stdout } = await home.run(['transcribe', '--untracked', await speak(SENTENCE)]);
    expect(code).toBe(0);
    expect(stdout.trim().split(' ').length).toBeGreaterThan(5);
    expect(await readdir(join(home.dataDir, 'untracked'))).toEqual([]);
    expect((await home.json<{ jobs: unknown[] }>(['jobs'])).jobs).toEqual([]);
  });

  it('merges overlapping chunks without losing or doubling a word', async () => {
    const home = new Home();
    const speech = await speak(`${SENTENCE}. ${SENTENCE}. ${SENTENCE}.`);
    const run = async (...more: string[]) =>
      (await home.run(['transcribe', speech, '--chunk-duration', '4', ...more])).stdout;
    const apart = await run();
    const overlapping = await run('--overlap', '1');
    expect(wordErrors(apart, overlapping).rate).toBeLessThanOrEqual(0.15);
  });
});

describe('wrong usage', () => {
  const refusals: [what: string, args: string[], message: RegExp][] = [
    ['no file', ['transcribe'], /nothing to transcribe[\s\S]*longhand transcribe interview/],
    ['a file that is not there', ['transcribe', 'nowhere.wav'], /There is no file ".*nowhere\.wav"/],
    ['a folder without recordings', ['transcribe', '.'], /no recordings in the folder "\."[\s\S]*--recursive/],
    ['a link', ['transcribe', 'https://example.org/a.mp3'], /is a link[\s\S]*Download/],
    ['a pattern that nothing matches', ['transcribe', '*.mp3'], /Nothing matches/],
    ['an unknown option', ['transcribe', '--modle', 'base', 'x'], /unknown option '--modle'[\s\S]*--model/],
    ['an unknown command', ['transcibe'], /unknown command 'transcibe'[\s\S]*transcribe/],
    ['an unknown engine', ['transcribe', '--engine', 'siri', 'SPEECH'], /setting engine from the command line/],
    ['an unknown language', ['transcribe', '--language', 'th', 'SPEECH'], /does not know the language "th"/],
    ['a model that is not there', ['transcribe', '--engine', 'pocketsphinx', '--model', 'huge', 'SPEECH'], /huge/],
    ['an unknown format', ['transcribe', '--format', 'doc', 'SPEECH'], /no format "doc"/],
    ['two formats on standard output', ['transcribe', '--format', 'srt', '--format', 'vtt', 'SPEECH'], /--output DIR/],
    ['no number', ['transcribe', '--processes', 'many', 'SPEECH'], /must be a number/],
    [
      'chunks too long',
      ['transcribe', '--engine', 'pocketsphinx', '--chunk-duration', '500', 'SPEECH'],
      /too long for PocketSphinx/,
    ],
    ['an engine without an address', ['transcribe', '--engine', 'openai', 'SPEECH'], /LONGHAND_OPENAI_URL/],
    ['a job that is no number', ['show', 'twelve'], /"twelve" is not the number of a job/],
    ['a job that is not there', ['export', '7'], /There is no job 7/],
  ];

  it.each(refusals)('refuses %s before a job exists, with exit code 2', async (_what, args, message) => {
    const home = new Home();
    const speech = await speak('good morning');
    const { code, stdout, stderr } = await home.run(args.map((arg) => (arg === 'SPEECH' ? speech : arg)));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect((await home.json<{ jobs: unknown[] }>(['jobs'])).jobs).toEqual([]);
  });

  it('refuses a data folder that cannot be used', async () => {
    const home = new Home({ LONGHAND_DATA: '/proc/longhand' });
    const { code, stderr } = await home.run(['jobs']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/data folder \/proc\/longhand cannot be used[\s\S]*LONGHAND_DATA/);
  });

  it('has an example in every help', async () => {
    const home = new Home();
    const top = await home.run(['--help']);
    const commands = [...top.stdout.matchAll(/^ {2}(\w+)[ |[]/gm)].map(([, name]) => name as string);
    expect(commands).toContain('transcribe');
    for (const command of ['', ...commands.filter((name) => name !== 'longhand' && name !== 'help')]) {
      const { code, stdout } = await home.run([command, '--help'].filter(Boolean));
      expect([command, code]).toEqual([command, 0]);
      expect(stdout).toMatch(/Examples?:\n {2}longhand /);
    }
  });
});
