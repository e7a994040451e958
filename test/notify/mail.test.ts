import { expect, test } from 'vitest';
import { type NotifiedJob, notificationOf } from '../../src/domain/notification.ts';
import { sendMail } from '../../src/notify/mail.ts';
import { type Mailbox, mailbox } from './receivers.ts';

const HOSTILE = 'a.flac\r\nBcc: all@example.org\r\n\r\n<script>alert("1")</script>';

const JOB: NotifiedJob = {
  ...{ id: 7, filename: HOSTILE, status: 'failed', engine: 'whisper', model: 'base', language: 'en' },
  ...{ durationSeconds: 90, elapsedSeconds: 30 },
  error: { kind: 'input', message: `"${HOSTILE}" holds no sound.`, remedy: 'Record it again.' },
};

function send({ url }: Pick<Mailbox, 'url'>, job: NotifiedJob = JOB) {
  const notification = notificationOf(job.status, { id: 'e-1', at: Date.UTC(2026, 0, 1), job });
  const settings = { smtpUrl: url, from: 'longhand@example.org' };
  return sendMail({ settings, to: 'me@example.org', notification, signal: new AbortController().signal });
}

/** The parts of a mail with their transfer encoding undone. */
function decoded(raw: string): string {
  return raw
    .replace(/=\r?\n/g, '')
    .replace(/(?:=[0-9A-F]{2})+/g, (hex) => Buffer.from(hex.replaceAll('=', ''), 'hex').toString());
}

test('an e-mail says what happened in words, and a name in it is only a name', async () => {
  const box = await mailbox();
  expect(await send(box)).toEqual({ delivered: true });
  const [mail] = box.mails;
  expect(mail).toMatchObject({ from: 'longhand@example.org', to: ['me@example.org'] });
  const [head = '', ...body] = mail!.raw.split('\r\n\r\n');
  expect(head).toMatch(/^Message-ID: <e-1@longhand>$/m);
  expect(head.split('\r\n').filter((line) => /^(bcc|cc|to):/i.test(line))).toEqual(['To: me@example.org']);
  expect(decoded(head)).toMatch(/^Subject: =\?UTF-8\?Q\?Not_transcribed:_a\.flac_Bcc/m);
  const words = decoded(body.join('\r\n\r\n'));
  expect(words).toContain('Job 7 has failed');
  expect(words).toContain('Record it again.');
  const html = words.slice(words.indexOf('<p>'));
  expect(html).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;');
  expect(html).not.toContain('<script>');
});

test('a long name in any script stays one subject', async () => {
  const box = await mailbox();
  await send(box, { ...JOB, status: 'completed', filename: 'สัมภาษณ์ 🎙'.repeat(60), error: null });
  const [head = ''] = box.mails[0]!.raw.split('\r\n\r\n');
  expect(head).toMatch(/^Subject: /m);
  expect(head.match(/^Subject: .*(?:\r\n .*)*/m)![0].length).toBeLessThan(3000);
});

test('a refusal of the receiver is final, one of the password is not, and neither repeats what the server says', async () => {
  const refuse = (code: number) => Object.assign(new Error('secret words of the server'), { responseCode: code });
  const noSuch = await mailbox({ onRcptTo: (_address, _session, done) => done(refuse(550)) });
  expect(await send(noSuch)).toEqual({
    ...{ delivered: false, final: true },
    error: 'The mail server refuses the mail (SMTP 550).',
  });
  const busy = await mailbox({ onRcptTo: (_address, _session, done) => done(refuse(451)) });
  expect(await send(busy)).toEqual({ delivered: false, error: 'The mail server refuses the mail (SMTP 451).' });
  const closed = await mailbox({
    authOptional: false,
    authMethods: ['PLAIN'],
    allowInsecureAuth: true,
    onAuth: (_auth, _session, done) => done(refuse(535)),
  });
  const url = closed.url.replace('smtp://', 'smtp://me:password@');
  expect(await send({ url })).toEqual({
    delivered: false,
    error: 'The mail server does not accept the user or the password (SMTP 535).',
  });
  expect(await send({ url: 'smtp://127.0.0.1:1' })).toMatchObject({
    delivered: false,
    error: expect.stringMatching(/^The mail server cannot be reached: E\w+\.$/),
  });
});
