/** The built service, killed in the middle of its work: clients come again and miss nothing. */
import { expect, test } from 'vitest';
import { BRIEF_CHUNKS, briefFile, expectWhole, jobLog } from '../chaos/support.ts';
import { Home, type Running } from '../support/cli.ts';
import { StreamClient } from './live-service.ts';

async function serve(home: Home, port: string): Promise<{ running: Running; url: string }> {
  const running = home.start(['serve', '--port', port]);
  const [, url = ''] = await running.said(/listens on (\S+)/);
  return { running, url };
}

test('kill -9: no event and no line of the log is lost or comes twice', async () => {
  const home = new Home();
  const file = await briefFile();
  const first = await serve(home, '0');
  const client = await new StreamClient(`${first.url}/api/events`).ready();
  const port = new URL(first.url).port;
  const working = home.start(['transcribe', ...BRIEF_CHUNKS, file]);
  await client.until(() => client.of('submitted').length > 0);
  const lines = new StreamClient(`${first.url}/api/jobs/1/log/events?lines=100000`);
  await lines.until(() => lines.of('line').some(({ data }) => /Processing chunk 2\//.test(data.line)));
  // Whoever waits for the job must not become the owner in its place.
  await working.kill();
  await first.running.kill();
  const second = await serve(home, port);
  await client.until(() => client.of('settled').some(({ data }) => data.status === 'completed'));
  await lines.until(() => lines.of('line').at(-1)?.data.line.endsWith('Done'));
  expect([client, lines].flatMap((one) => one.of('reset'))).toEqual([]);
  expect(
    `${lines
      .of('line')
      .map(({ data }) => data.line)
      .join('\n')}\n`,
  ).toBe(jobLog(home, 1));
  second.running.signal('SIGTERM');
  expect((await second.running.finished).code).toBe(0);
  const { stdout } = await home.run(['audit', '--json']);
  const kept: number[] = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).id);
  expect(kept.length).toBeGreaterThan(4);
  expect(client.ids).toEqual(kept);
  await expectWhole(home, 1);
});
