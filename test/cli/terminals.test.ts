import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  heldHome,
  jobOf,
  noneLeft,
  runTokens,
  SHORT_CHUNKS,
  type Shown,
  storyFile,
  storyText,
} from '../chaos/support.ts';
import { descendants, Home } from '../support/cli.ts';
import { speak } from '../support/speech.ts';

describe('Ctrl-C', () => {
  it('stops at the checkpoint and says how to go on', async () => {
    const { home, held } = await heldHome(2);
    const file = await storyFile();
    const text = await storyText();
    const running = home.start(['transcribe', ...SHORT_CHUNKS, file]);
    await running.said(/Processing chunk 2\//);
    running.signal('SIGINT');
    await running.said(/Stopping at the checkpoint/);
    held.holdFrom(3);
    const { code, stdout, stderr } = await running.finished;
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(stderr).toMatch(/Stopped at the checkpoint\. Go on with: longhand resume 1\n$/);
    await noneLeft(await runTokens(home));
    const stopped = await jobOf(home, 1);
    expect(stopped).toMatchObject({ status: 'pending', runs: [{ outcome: 'stopped', reason: 'interrupted' }] });
    expect(stopped.stages.filter(({ status }) => status === 'processing')).toEqual([]);
    expect(stopped.chunks.complete).toBeGreaterThanOrEqual(1);
    held.release();
    const resumed = await home.run(['resume', '1']);
    expect({ code: resumed.code, stdout: resumed.stdout }).toEqual({ code: 0, stdout: text });
  });

  it('pressed twice ends at once and leaves no process', async () => {
    const { home } = await heldHome(1);
    const running = home.start(['transcribe', ...SHORT_CHUNKS, await storyFile()]);
    await running.said(/Processing chunk 1\//);
    const below = descendants(running.child.pid as number);
    expect(below.some(({ command }) => command.startsWith('pocketsphinx'))).toBe(true);
    running.signal('SIGINT');
    await running.said(/Stopping at the checkpoint/);
    running.signal('SIGINT');
    expect((await running.finished).code).toBe(130);
    await noneLeft(await runTokens(home));
    // The next owner, which this command becomes, finds it as the first one left it in its hurry.
    expect((await home.json<Shown>(['show', '1'])).status).toBe('pending');
  });

  it('does not hide what goes wrong while it stops', async () => {
    const { url, asked } = await holdingServer();
    const home = new Home({ LONGHAND_OPENAI_URL: url });
    const running = home.start(['transcribe', '--engine', 'openai', await storyFile()]);
    const answer = await asked;
    running.signal('SIGINT');
    await running.said(/Stopping at the checkpoint/);
    answer.writeHead(401).end();
    const { code, stdout, stderr } = await running.finished;
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/does not accept the key \(HTTP 401\)\.\n.*LONGHAND_OPENAI_KEY/);
  });
});

describe('a second terminal', () => {
  it('sees the jobs of the first, hands its own in, and is asked nothing twice', async () => {
    const { home, held } = await heldHome(1);
    const first = home.start(['transcribe', ...SHORT_CHUNKS, await storyFile()]);
    await first.said(/Processing chunk 1\//);
    expect((await home.json<{ jobs: { id: number; status: string }[] }>(['jobs'])).jobs).toMatchObject([
      { id: 1, status: 'processing' },
    ]);
    const following = home.run(['logs', '1', '-f']);
    const handingIn = home.start(['transcribe', await speak('good morning and welcome to the program')]);
    await handingIn.said(/^Job 2: /m);
    held.release();
    const second = await handingIn.finished;
    expect(second.code).toBe(0);
    expect(second.stderr).toMatch(/^Job 2: /);
    expect(second.stdout.trim()).not.toBe('');
    const { code, stdout } = await first.finished;
    expect(code).toBe(0);
    expect(stdout).not.toContain(second.stdout.trim());
    expect((await jobOf(home, 2)).runs).toHaveLength(1);
    const { stdout: log } = await following;
    const lines = log.trimEnd().split('\n');
    expect(lines.at(-1)).toMatch(/Done$/);
    expect(new Set(lines).size).toBe(lines.length);
  });

  it('follows the log on when another terminal takes the job over, with no gap and no repeat', async () => {
    const { home, held } = await heldHome(1);
    const first = home.start(['transcribe', ...SHORT_CHUNKS, await storyFile()]);
    await first.said(/Processing chunk 1\//);
    const second = home.start(['resume', '1']);
    await second.said(/Job 1 is being worked on/);
    held.holdFrom(2);
    await second.said(/Processing chunk \d/);
    const following = home.run(['logs', '1', '-f', '-n', '1000']);
    await first.said(/Processing chunk 2\//);
    await first.kill();
    held.release();
    expect((await second.finished).code).toBe(0);
    const { stdout, code } = await following;
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: readFileSync(join(home.dataDir, 'logs', 'transcribe_job_1.log'), 'utf8'),
    });
  });

  it('that goes away from a job takes nothing from the first', async () => {
    const { home, held } = await heldHome(1);
    const first = home.start(['transcribe', ...SHORT_CHUNKS, await storyFile()]);
    await first.said(/Processing chunk 1\//);
    const second = home.start(['resume', '1']);
    await second.said(/Job 1 is being worked on/);
    held.holdFrom(2);
    await second.said(/Processing chunk \d/);
    second.signal('SIGINT');
    expect((await second.finished).code).toBe(130);
    held.release();
    expect((await first.finished).code).toBe(0);
    expect((await jobOf(home, 1)).runs).toMatchObject([{ outcome: 'completed' }]);
  });

  it('takes its job over when the first terminal ends', async () => {
    const { home, held } = await heldHome(1);
    const file = await storyFile();
    const text = await storyText();
    for (const end of ['SIGINT', 'SIGKILL'] as const) {
      held.holdFrom(1);
      const first = home.start(['transcribe', ...SHORT_CHUNKS, file]);
      await first.said(/Processing chunk 1\//);
      const second = home.start(['transcribe', ...SHORT_CHUNKS, file]);
      await second.said(/Processing chunk 1\//);
      first.signal(end);
      if (end === 'SIGINT') {
        await first.said(/Stopping at the checkpoint/);
        held.holdFrom(2);
      }
      await first.finished;
      held.release();
      const { code, stdout } = await second.finished;
      expect({ end, code, stdout }).toEqual({ end, code: 0, stdout: text });
    }
    await noneLeft(await runTokens(home));
  });

  it('is told when the owner is stopped and cannot answer', async () => {
    const { home, held } = await heldHome(1);
    const running = home.start(['transcribe', ...SHORT_CHUNKS, await storyFile()]);
    await running.said(/Processing chunk 1\//);
    running.signal('SIGSTOP');
    const { code, stderr } = await home.run(['jobs']);
    running.signal('SIGCONT');
    expect(code).toBe(1);
    expect(stderr).toMatch(/holds the data folder .* and does not answer\.\n.*Ctrl-Z/);
    running.signal('SIGINT');
    await running.said(/Stopping at the checkpoint/);
    held.holdFrom(2);
    expect((await running.finished).code).toBe(130);
  });

  it('that only asks leaves the work to the owner, however many ask', async () => {
    const { home, held } = await heldHome(1);
    const running = home.start(['transcribe', ...SHORT_CHUNKS, await storyFile()]);
    const answers = await Promise.all([1, 2, 3, 4].map(() => home.run(['jobs'])));
    expect(answers.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    held.release();
    expect((await running.finished).code).toBe(0);
    expect((await jobOf(home, 1)).runs).toHaveLength(1);
  });
});

/** A transcription server that keeps whoever asks it first waiting for the test's answer. */
async function holdingServer(): Promise<{ url: string; asked: Promise<ServerResponse> }> {
  const server = createServer();
  const asked = new Promise<ServerResponse>((resolve) => {
    server.once('request', (_request, response) => resolve(response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, asked };
}
