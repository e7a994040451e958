import { createHmac } from 'node:crypto';
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import { describe, expect, test, vi } from 'vitest';
import { isPublicAddress, lookupPublic } from '../../src/notify/public-address.ts';
import { sendWebhook, type WebhookRequest } from '../../src/notify/webhook.ts';
import { receiver } from './receivers.ts';

const NOW = Date.UTC(2026, 0, 1, 12);

function hook(url: string, more: Partial<WebhookRequest> = {}): WebhookRequest {
  return {
    ...{ url, eventId: 'e-1', body: '{"id":"e-1","type":"test"}', secret: 'sixteen letters!', now: NOW },
    ...{ userAgent: 'Longhand/0', allowPrivate: true, signal: new AbortController().signal },
    ...more,
  };
}

describe('a webhook', () => {
  test('is one POST of JSON that its receiver can verify', async () => {
    const { url, received } = await receiver();
    expect(await sendWebhook(hook(`${url}?token=t`))).toEqual({ delivered: true, httpStatus: 204 });
    const [{ headers, body, ...rest }] = received as [(typeof received)[0]];
    expect(rest.url).toBe('/hook?token=t');
    expect(body).toBe('{"id":"e-1","type":"test"}');
    const seconds = NOW / 1000;
    const v1 = createHmac('sha256', 'sixteen letters!').update(`${seconds}.${body}`).digest('hex');
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-longhand-event-id': 'e-1',
      'x-longhand-signature': `t=${seconds},v1=${v1}`,
    });
  });

  test('follows no redirection', async () => {
    const elsewhere = await receiver();
    const { url } = await receiver((_n, _request, response) =>
      response.writeHead(307, { location: elsewhere.url }).end(),
    );
    expect(await sendWebhook(hook(url))).toMatchObject({
      delivered: false,
      httpStatus: 307,
      error: expect.stringMatching(/redirections are not followed\.$/),
    });
    expect(elsewhere.received).toEqual([]);
  });

  test('takes no more of an answer than its status, however long it is', async () => {
    let sent = 0;
    const { url } = await receiver((_n, _request, response) => {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) sent += 65_536;
      };
      response.on('drain', more);
      more();
    });
    expect(await sendWebhook(hook(url))).toEqual({ delivered: true, httpStatus: 200 });
    expect(sent).toBeLessThan(16 * 1024 ** 2);
  });

  test('does not wait for ever for somebody who does not answer', async () => {
    const { url } = await receiver(() => undefined);
    const outcome = await sendWebhook(hook(url, { timeoutMs: 50 }));
    expect(outcome).toMatchObject({
      delivered: false,
      error: expect.stringMatching(/gave no answer within 0\.05 s\.$/),
    });
  });

  test('names in its error the host and nothing that may be secret', async () => {
    const { url } = await receiver((_n, _request, response) => response.writeHead(500).end('the secret of the answer'));
    const { error } = await sendWebhook(hook(`${url}/token-in-path?key=k`));
    expect(error).toMatch(/^127\.0\.0\.1:\d+ answered HTTP 500\.$/);
  });

  test('is refused for good by who says 410', async () => {
    const { url } = await receiver((_n, _request, response) => response.writeHead(410).end());
    expect(await sendWebhook(hook(url))).toMatchObject({ delivered: false, final: true, httpStatus: 410 });
  });
});

describe('private addresses', () => {
  test.each(['127.0.0.1', '2130706433', '0x7f.1', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0', 'localhost', '127.0.0.1.'])(
    'nothing is sent to %s unless it is allowed',
    async (host) => {
      const { url, received } = await receiver();
      const outcome = await sendWebhook(hook(url.replace('127.0.0.1', host), { allowPrivate: false }));
      expect(outcome).toMatchObject({
        delivered: false,
        final: true,
        error: expect.stringMatching(/no public address; see LONGHAND_ALLOW_PRIVATE_HOOKS\.$/),
      });
      expect(received).toEqual([]);
    },
  );

  test.each([
    ...['10.1.2.3', '172.31.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1', '224.0.0.1', '255.255.255.255'],
    ...['fe80::1', 'fe80::1%eth0', 'fd00::1', '::', '::ffff:10.0.0.1', '64:ff9b::10.0.0.1', '2002:a00:1::', 'ff02::1'],
    ...['2001:db8::1', '2001::1', 'localhost', ''],
  ])('%s is none of the public internet', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  test.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450:4001::1'])('%s is', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  test('a name is refused when one of its addresses is private, and asked for once: what was checked is what is called', async () => {
    const answers = [
      [{ address: '93.184.216.34', family: 4 }],
      [
        { address: '93.184.216.34', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ],
    ];
    const answer = (_host: string, _options: object, done: (error: null, addresses: unknown) => void) =>
      done(null, answers.shift());
    const asked = vi.spyOn(dns, 'lookup').mockImplementation(answer as never);
    syncBuiltinESMExports();
    try {
      const ask = (all: boolean) =>
        new Promise((resolve) =>
          lookupPublic('rebind.example.org', { all }, (error, address) => resolve(error?.message ?? address)),
        );
      expect(await ask(false)).toBe('93.184.216.34');
      expect(await ask(true)).toBe('rebind.example.org leads to 127.0.0.1, which is no public address');
      expect(asked).toHaveBeenCalledTimes(2);
    } finally {
      asked.mockRestore();
      syncBuiltinESMExports();
    }
  });
});
