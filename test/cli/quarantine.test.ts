import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { SHORT_CHUNKS, type Shown, storyFile } from '../chaos/support.ts';
import { Home } from '../support/cli.ts';

let server: Server | undefined;
afterEach(async () => {
  const open = server;
  server = undefined;
  if (open) await new Promise((resolve) => open.close(resolve));
});

/** A transcription server that answers nonsense for one of the chunks, as long as `broken` says so. */
async function serverWithABrokenChunk(): Promise<{ url: string; heal(): void }> {
  const seen: string[] = [];
  let broken = true;
  server = createServer(async (request, response) => {
    const body = await buffer(request);
    if (request.method === 'GET') return response.end(JSON.stringify({ data: [{ id: 'whisper-1' }] }));
    // Boundaries differ from request to request; the sound of a chunk does not.
    const wav = body.subarray(body.indexOf('RIFF'));
    const sound = createHash('sha256')
      .update(wav.subarray(0, wav.readUInt32LE(4) + 8))
      .digest('hex');
    if (!seen.includes(sound)) seen.push(sound);
    response.setHeader('content-type', 'application/json');
    if (broken && seen.indexOf(sound) === 1) return response.end('{"nonsense": tr');
    const words = [{ word: `chunk${seen.indexOf(sound)}`, start: 0.5, end: 1 }];
    response.end(JSON.stringify({ text: words[0]?.word, language: 'english', duration: 4, words, segments: [] }));
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    heal: () => {
      broken = false;
    },
  };
}

describe('a chunk that fails three times', () => {
  it('quarantines its job with the evidence, keeps the others, and can be tried again by hand', async () => {
    const remote = await serverWithABrokenChunk();
    const home = new Home({ LONGHAND_OPENAI_URL: remote.url, LONGHAND_OPENAI_KEY: 'sk-secret-of-the-test' });
    const args = ['transcribe', '--engine', 'openai', '--language', 'en', ...SHORT_CHUNKS, await storyFile()];
    const { code, stdout, stderr } = await home.run(args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/Chunk 2 \(\d+\.\d–\d+\.\d s\) failed 3 times\. The last time: /);
    expect(stderr).toMatch(/longhand show 1 --evidence DIR\. Then try it again: (npx )?longhand retry 1,/);

    const shown = await home.json<Shown & { error: { kind: string }; runs: { evidence: string | null }[] }>([
      'show',
      '1',
    ]);
    expect(shown).toMatchObject({ status: 'failed', error: { kind: 'engine' } });
    expect(shown.runs).toHaveLength(1);
    expect(shown.runs[0]?.evidence).toBeTruthy();
    expect(shown.chunks.complete).toBeGreaterThanOrEqual(1);
    const everything = [stderr, JSON.stringify(shown), (await home.run(['logs', '1', '-n', '1000'])).stdout].join('\n');
    expect(everything).not.toContain('sk-secret-of-the-test');

    remote.heal();
    const resumed = await home.run(['resume', '1']);
    expect(resumed.code).toBe(0);
    expect(resumed.stdout).toMatch(/^chunk0\s+chunk1\s+chunk2/);
  });
});
