import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { descendants, Home } from '../support/cli.ts';
import { noneLeft, runTokens, SHORT_CHUNKS, type Shown, STORY, storyFile, undisturbed } from './support.ts';

describe('kill -9', () => {
  it('of the command at every stage and chunk boundary costs at most the chunk in flight', async () => {
    const home = new Home();
    const file = await storyFile();
    const text = await undisturbed(home, file);
    expect(text.split(' ').length).toBeGreaterThan(STORY.split(' ').length / 2);
    const { chunks } = await home.json<Shown>(['show', '1']);
    expect(chunks.total).toBeGreaterThanOrEqual(3);

    const moments = [
      /^Job 2: /m,
      /Loading audio file\.\.\./,
      /Preparing PocketSphinx model\.\.\./,
      ...Array.from({ length: chunks.total }, (_, index) => new RegExp(`Processing chunk ${index + 1}/`)),
      /Finalizing transcription\.\.\./,
    ];
    let committed = 0;
    for (const [index, moment] of moments.entries()) {
      const args = index === 0 ? ['transcribe', ...SHORT_CHUNKS, file] : ['resume', '2'];
      const running = home.start(args);
      await running.said(moment);
      await running.kill();
      await noneLeft(await runTokens(home));
      const now = await home.json<Shown>(['show', '2']);
      expect(['pending', 'completed']).toContain(now.status);
      expect(now.chunks.complete).toBeGreaterThanOrEqual(committed);
      committed = now.chunks.complete;
    }
    const last = await home.run(['resume', '2']);
    // Killed after its last commit it may be complete; then its text is there to be exported.
    const result = last.code === 0 ? last.stdout : (await home.run(['export', '2'])).stdout;
    expect(result).toBe(text);

    const { runs, chunks: after } = await home.json<Shown>(['show', '2']);
    expect(after.complete).toBe(after.total);
    expect(readdirSync(join(home.dataDir, 'jobs', '2'))).toEqual(['transcript.json']);
    // No chunk was done twice after its commit.
    expect(runs.reduce((sum, run) => sum + run.chunksCommitted, 0)).toBe(after.total);
  });

  it('of the runner lets the job go on from its checkpoint by itself', async () => {
    const home = new Home();
    const file = await storyFile();
    const text = await undisturbed(home, file);
    const running = home.start(['transcribe', ...SHORT_CHUNKS, file]);
    await running.said(/Processing chunk 2\//);
    process.kill(runnerOf(running.child.pid as number), 'SIGKILL');
    const { code, stdout, stderr } = await running.finished;
    expect({ code, stdout }).toEqual({ code: 0, stdout: text });
    expect(stderr).toMatch(/The runner was ended by SIGKILL before the job was done\. The job goes on/);
    const { runs } = await home.json<Shown>(['show', '2']);
    expect(runs).toMatchObject([
      { number: 1, outcome: 'crashed', signal: 'SIGKILL' },
      { number: 2, outcome: 'completed' },
    ]);
    await noneLeft(await runTokens(home));
  });

  it('of an engine worker costs one chunk, which is done again', async () => {
    const home = new Home();
    const file = await storyFile();
    const text = await undisturbed(home, file);
    const running = home.start(['transcribe', ...SHORT_CHUNKS, file]);
    await running.said(/Processing chunk 2\//);
    process.kill(engineWorkerOf(running.child.pid as number), 'SIGKILL');
    const { code, stdout } = await running.finished;
    expect({ code, stdout }).toEqual({ code: 0, stdout: text });
    expect((await home.json<Shown>(['show', '2'])).runs).toMatchObject([{ outcome: 'completed' }]);
    expect(readFileSync(join(home.dataDir, 'logs', 'transcribe_job_2.log'), 'utf8')).toMatch(
      /WARNING transcribe +Chunk \d failed \(1\): PocketSphinx was ended by SIGKILL/,
    );
  });

  it('of the command ends a runner that is stopped', async () => {
    const home = new Home();
    const running = home.start(['transcribe', ...SHORT_CHUNKS, await storyFile()]);
    await running.said(/Processing chunk 1\//);
    process.kill(runnerOf(running.child.pid as number), 'SIGSTOP');
    await running.kill();
    await noneLeft(await runTokens(home));
  });
});

describe('a stalled engine worker', () => {
  it('is ended after its allowance and the chunk is done again', async () => {
    const home = new Home({ LONGHAND_CHUNK_TIMEOUT: '30' });
    const file = await storyFile();
    const text = await undisturbed(home, file);
    const running = home.start(['transcribe', ...SHORT_CHUNKS, file], { LONGHAND_CHUNK_TIMEOUT: '8' });
    await running.said(/Processing chunk 2\//);
    process.kill(engineWorkerOf(running.child.pid as number), 'SIGSTOP');
    await running.said(/Chunk \d failed \(1\): No progress for 8 s/);
    const { code, stdout } = await running.finished;
    expect({ code, stdout }).toEqual({ code: 0, stdout: text });
  });
});

describe('a checkpoint that was damaged', () => {
  it('is noticed and made again', async () => {
    const home = new Home();
    const file = await storyFile();
    const text = await undisturbed(home, file);
    const running = home.start(['transcribe', ...SHORT_CHUNKS, file]);
    await running.said(/Processing chunk 3\//);
    await running.kill();
    const audio = join(home.dataDir, 'jobs', '2', 'audio.s16le');
    const { writeFile } = await import('node:fs/promises');
    await writeFile(audio, readFileSync(audio).fill(0, 1000, 5000));
    const { code, stdout, stderr } = await home.run(['resume', '2']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: text });
    expect(stderr).toMatch(/decoded audio is not what was written; decoding again/);
  });

  it('of a recording that was changed meanwhile refuses to mix two recordings', async () => {
    const home = new Home();
    const { copyFile, readFile, writeFile } = await import('node:fs/promises');
    const file = join(home.folder, 'story.wav');
    await copyFile(await storyFile(), file);
    const running = home.start(['transcribe', ...SHORT_CHUNKS, file]);
    await running.said(/Processing chunk 2\//);
    await running.kill();
    await writeFile(file, (await readFile(file)).fill(7, 2000, 3000));
    const { code, stderr } = await home.run(['resume', '1']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/is no longer the recording that this job was made for/);
  });
});

function runnerOf(owner: number): number {
  return pidOf(owner, /^node/);
}

function engineWorkerOf(owner: number): number {
  return pidOf(owner, /^pocketsphinx/);
}

function pidOf(owner: number, command: RegExp): number {
  const found = descendants(owner).find((process) => command.test(process.command));
  if (!found) throw new Error(`Nothing like ${command} runs below ${owner}.`);
  return found.pid;
}
