/** How the owner tells others of the ends of jobs, as the settings say. */
import type { Config } from './config/schema.ts';
import type { Clock } from './domain/clock.ts';
import type { Notification } from './domain/notification.ts';
import type { NotificationControl } from './jobs/notifications.ts';
import type { JobLog } from './logs/job-log.ts';
import type { MailSettings } from './notify/mail.ts';
import { Notifier } from './notify/notifier.ts';
import type { Outcome } from './notify/outcome.ts';
import { isPublicAddress, literalAddress } from './notify/public-address.ts';
import type { Due } from './store/notification-deliveries.ts';
import { keepSettingsTargets } from './store/notification-targets.ts';
import type { Store } from './store/store.ts';
import { VERSION } from './version.ts';

export interface OwnerNotifications extends NotificationControl {
  /** Tells what is due and whatever comes, to those whom the settings name, too. */
  start(): Promise<void>;
  /** There may be something to tell. */
  wake(): void;
  /** Idempotent. */
  stop(): Promise<void>;
}

export interface NotificationParts {
  store: Store;
  clock: Clock;
  dice(): number;
  log: JobLog;
  onProblem(sentence: string): void;
}

export function notificationsOf(config: Config, parts: NotificationParts): OwnerNotifications {
  const { store, clock, dice, log, onProblem } = parts;
  const { allowPrivateHooks: allowPrivate } = config;
  const mail = mailSettingsOf(config);
  const notifier = new Notifier({
    store,
    clock,
    dice,
    send: (due, signal) => (due.kind === 'webhook' ? hook(due, signal) : post(due, signal, mail)),
    log: (level, sentence) => log.write(level, 'notify', sentence),
  });
  // Loaded when there is something to send: most commands never do.
  const hook = async (due: Due, signal: AbortSignal) => {
    const { sendWebhook } = await import('./notify/webhook.ts');
    const { address: url, event_id: eventId, payload: body, secret } = due;
    const userAgent = `Longhand/${VERSION}`;
    return await sendWebhook({ ...{ url, eventId, body, secret, userAgent, allowPrivate, signal }, now: clock.now() });
  };
  return {
    mailIsSetUp: mail !== undefined,
    objectionTo(url) {
      const literal = literalAddress(url);
      if (allowPrivate || literal === undefined || isPublicAddress(literal)) return undefined;
      return `${literal} is no public address, and webhooks are sent to public ones alone.`;
    },
    tryOnce: (deliveryId) => notifier.tryOnce(deliveryId),
    async start() {
      const addresses = config.mailTo ?? [];
      if (addresses.length > 0 && !mail) {
        onProblem('LONGHAND_MAIL_TO is set, but no e-mail can be sent: set LONGHAND_SMTP_URL and LONGHAND_MAIL_FROM.');
      }
      await keepSettingsTargets(store, addresses, ['completed', 'failed']);
      notifier.start();
    },
    wake: () => notifier.wake(),
    stop: () => notifier.stop(),
  };
}

async function post(due: Due, signal: AbortSignal, settings: MailSettings | undefined): Promise<Outcome> {
  if (!settings) return { delivered: false, error: 'No mail server is set (LONGHAND_SMTP_URL, LONGHAND_MAIL_FROM).' };
  const { sendMail } = await import('./notify/mail.ts');
  return await sendMail({ settings, to: due.address, notification: JSON.parse(due.payload) as Notification, signal });
}

function mailSettingsOf({ smtpUrl, mailFrom }: Config): MailSettings | undefined {
  return smtpUrl !== undefined && mailFrom !== undefined ? { smtpUrl, from: mailFrom } : undefined;
}
