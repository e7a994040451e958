import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { speak } from '../support/speech.ts';
import { type RunningService, startService, visit } from './browser.ts';

/** More than a browser opens connections to one service over HTTP/1.1. */
const TABS = 8;
/** Eight pages are drawn by one machine. */
const PATIENCE_MS = 300_000;

let service: RunningService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.end());

test(
  'eight tabs of one browser are all live, with their logs, and a control is still answered',
  async () => {
    const id = await service.upload(
      await speak('The harvest was late that year, and nobody had seen it so. '.repeat(30)),
    );
    const address = `/jobs/${id}?view=job`;
    const { page, context } = await visit(service.address, address);
    const others = await Promise.all(Array.from({ length: TABS - 1 }, () => context.newPage()));
    await Promise.all(others.map((other) => other.goto(`${service.address}${address}`, { waitUntil: 'commit' })));
    const tabs = [page, ...others];
    for (const tab of tabs) await tab.getByRole('log', { name: 'Log' }).getByText('Run 1 of job').waitFor();
    await others.at(-1)?.getByRole('button', { name: 'Pause' }).click();
    for (const tab of tabs) {
      // Both came after all of them were open.
      await tab.getByText('You paused it. It rests until you let it go on.').waitFor();
      await tab.getByRole('log', { name: 'Log' }).getByText('Stopped at the checkpoint (pause)').waitFor();
    }
  },
  PATIENCE_MS,
);

test('where no WebSocket comes through, streams do the same', async () => {
  const id = await service.upload(
    await speak('The harvest was late that year, and nobody had seen the river. '.repeat(30)),
  );
  const { page, context } = await visit(service.address);
  const without = await context.newPage();
  // What a proxy does that knows nothing of them: the connection is over before it began.
  await without.routeWebSocket(/\/api\/live/, (socket) => socket.close({ code: 1006 }));
  onTestFinished(() => without.close());
  await without.goto(`${service.address}/jobs/${id}?view=job`);
  const log = without.getByRole('log', { name: 'Log' });
  await log.getByText('Run ').first().waitFor();
  await without.getByRole('button', { name: 'Stop', exact: true }).click();
  await without.getByText(/^Stopped by user at /).waitFor();
  await log
    .getByText(/Cancelled|Stopped at the checkpoint/)
    .first()
    .waitFor();
  expect(await page.title()).not.toBe('');
});
