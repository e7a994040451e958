import { describe, expect, it } from 'vitest';
import { signalProcess } from '../../src/supervisor/identity.ts';
import { Home } from '../support/cli.ts';
import {
  BRIEF_CHUNKS,
  briefFile,
  eventually,
  expectWhole,
  noneLeft,
  runnerOf,
  runTokens,
  type Shown,
  undisturbedBrief,
} from './support.ts';

describe('kill -9 of the command', () => {
  it('at every stage and chunk boundary costs at most the chunk in flight', async () => {
    const home = new Home();
    const { file, chunks, text } = await undisturbedBrief();
    const moments = [
      /^Job 1: /m,
      /Loading audio file\.\.\./,
      /Preparing PocketSphinx model\.\.\./,
      ...Array.from({ length: chunks }, (_, index) => new RegExp(`Processing chunk ${index + 1}/`)),
      /Finalizing transcription\.\.\./,
    ];
    let committed = 0;
    for (const [index, moment] of moments.entries()) {
      const args = index === 0 ? ['transcribe', ...BRIEF_CHUNKS, file] : ['resume', '1'];
      const running = home.start(args);
      await running.said(moment);
      await running.kill();
      await noneLeft(await runTokens(home));
      const now = await home.json<Shown>(['show', '1']);
      expect(['pending', 'completed']).toContain(now.status);
      expect(now.chunks.complete).toBeGreaterThanOrEqual(committed);
      committed = now.chunks.complete;
    }
    const last = await home.run(['resume', '1']);
    // Killed after its last commit it may be complete; then its text is there to be exported.
    const result = last.code === 0 ? last.stdout : (await home.run(['export', '1'])).stdout;
    expect(result).toBe(text);

    const { runs } = await expectWhole(home, 1);
    const others = new Set(runs.slice(0, -1).map(({ outcome }) => outcome));
    expect([...others]).toEqual(['orphaned']);
  });

  it('ends a runner that is stopped', async () => {
    const home = new Home();
    const running = home.start(['transcribe', ...BRIEF_CHUNKS, await briefFile()]);
    await running.said(/Processing chunk 1\//);
    const runner = await eventually(() => runnerOf(running.child.pid as number), 'a runner');
    expect(signalProcess(runner, 'SIGSTOP')).toBe(true);
    await running.kill();
    await noneLeft(await runTokens(home));
    expect(await home.json<Shown>(['show', '1'])).toMatchObject({ status: 'pending', runs: [{ outcome: 'orphaned' }] });
  });
});
