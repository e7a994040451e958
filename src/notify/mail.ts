/** Sends one e-mail over the SMTP server of the settings. */
import { createTransport } from 'nodemailer';
import { reportOf } from '../domain/errors.ts';
import type { Notification } from '../domain/notification.ts';
import { mailTextOf } from './mail-text.ts';
import type { Outcome } from './outcome.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** Of silence in the middle. */
const SOCKET_TIMEOUT_MS = 20_000;
/** All together; a server that trickles is not waited for. */
const TIMEOUT_MS = 45_000;
/** From here on a server's answer is a refusal for good (RFC 5321, 4.2.1). */
const PERMANENT = 500;

/** Where e-mail goes out, and as whose. */
export interface MailSettings {
  /** `smtp://user:password@host:587` or `smtps://…`. */
  smtpUrl: string;
  from: string;
}

export interface MailRequest {
  settings: MailSettings;
  to: string;
  notification: Notification;
  signal: AbortSignal;
}

/** Never rejects for what the server does. @throws the signal's reason when it aborts */
export async function sendMail({ settings, to, notification, signal }: MailRequest): Promise<Outcome> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const transport = createTransport({
    url: settings.smtpUrl,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: CONNECT_TIMEOUT_MS,
    dnsTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
    // Nothing of a message is ever read from a file or an address.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    await transport.sendMail({
      ...mailTextOf(notification),
      from: { name: 'Longhand', address: settings.from },
      to: { name: '', address: to },
      date: new Date(notification.createdAt),
      // The same at every try, so that mailboxes can tell a second copy.
      messageId: `<${notification.id}@longhand>`,
      headers: { 'Auto-Submitted': 'auto-generated' },
      signal: AbortSignal.any([signal, timeout]),
    });
    return { delivered: true };
  } catch (error) {
    signal.throwIfAborted();
    return { delivered: false, ...refusalOf(error, timeout.aborted) };
  } finally {
    transport.close();
  }
}

/** Of what a server says only the code is told: it may repeat what it was sent. */
function refusalOf(error: unknown, tookTooLong: boolean): Pick<Outcome, 'error' | 'final'> {
  if (tookTooLong) return { error: `The mail server took longer than ${TIMEOUT_MS / 1000} s.` };
  const { responseCode, code } = error as { responseCode?: number; code?: string };
  if (responseCode !== undefined) {
    // A wrong password is put right in the settings; then the mail can go.
    const final = responseCode >= PERMANENT && code !== 'EAUTH';
    const what = code === 'EAUTH' ? 'does not accept the user or the password' : 'refuses the mail';
    return { error: `The mail server ${what} (SMTP ${responseCode}).`, ...(final ? { final } : {}) };
  }
  return { error: `The mail server cannot be reached: ${code ?? reportOf(error).message}.` };
}
