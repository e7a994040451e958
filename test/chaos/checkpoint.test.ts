import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Home } from '../support/cli.ts';
import { BRIEF_CHUNKS, briefFile, undisturbedBrief } from './support.ts';

describe('a checkpoint that was damaged', () => {
  it('is noticed and made again', async () => {
    const home = new Home();
    const { file, text } = await undisturbedBrief();
    const running = home.start(['transcribe', ...BRIEF_CHUNKS, file]);
    await running.said(/Processing chunk 3\//);
    await running.kill();
    const audio = join(home.dataDir, 'jobs', '1', 'audio.s16le');
    await writeFile(audio, (await readFile(audio)).fill(0, 1000, 5000));
    const { code, stdout, stderr } = await home.run(['resume', '1']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: text });
    expect(stderr).toMatch(/decoded audio is not what was written; decoding again/);
  });

  it('of a recording that was changed meanwhile refuses to mix two recordings', async () => {
    const home = new Home();
    const file = join(home.folder, 'story.wav');
    await copyFile(await briefFile(), file);
    const running = home.start(['transcribe', ...BRIEF_CHUNKS, file]);
    await running.said(/Processing chunk 2\//);
    await running.kill();
    await writeFile(file, (await readFile(file)).fill(7, 2000, 3000));
    const { code, stderr } = await home.run(['resume', '1']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/is no longer the recording that this job was made for/);
  });
});
