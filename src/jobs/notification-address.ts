/** Which addresses somebody can be told at. */
import { UsageError } from '../domain/errors.ts';
import { isMailAddress } from '../domain/mail-address.ts';
import type { TargetKind } from '../domain/notification.ts';
import type { NewTarget } from '../store/notification-targets.ts';

/** A secret that is shorter can be guessed. */
export const MIN_SECRET_CHARACTERS = 16;
const MAX_ADDRESS_CHARACTERS = 2048;

/** Whom the one who tells can reach. */
export interface Reach {
  /** Whether there is a mail server to send by. */
  mailIsSetUp: boolean;
  /** Why this web address is not called, as a sentence; undefined when it is, or when only its name is known. */
  objectionTo(address: URL): string | undefined;
}

/** @throws UsageError when nothing could be sent there */
export function requireUsable(
  reach: Reach,
  { kind, address, secret }: Pick<NewTarget, 'kind' | 'address' | 'secret'>,
): void {
  requireSecretFits(kind, secret);
  if (kind === 'email') requireMail(reach, address);
  else requireWebAddress(reach, address);
}

function requireWebAddress({ objectionTo }: Reach, address: string): void {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.hostname === '' || address.length > MAX_ADDRESS_CHARACTERS) {
    throw new UsageError(
      'The address of a webhook must begin with https:// or http://.',
      'For example: https://example.org/hooks/longhand',
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError(
      'The address of a webhook must hold no user and no password.',
      'The receiver knows by the signature who calls.',
    );
  }
  const objection = objectionTo(url);
  if (objection !== undefined) throw new UsageError(objection, 'Set LONGHAND_ALLOW_PRIVATE_HOOKS=true to allow it.');
}

function requireMail({ mailIsSetUp }: Reach, address: string): void {
  if (!isMailAddress(address)) {
    throw new UsageError('That is no e-mail address.', 'One address, such as me@example.org.');
  }
  if (mailIsSetUp) return;
  throw new UsageError(
    'There is no mail server to send e-mail by.',
    'Set LONGHAND_SMTP_URL and LONGHAND_MAIL_FROM, then start Longhand again.',
  );
}

/** @throws UsageError */
export function requireSecretFits(kind: TargetKind, secret: string | undefined): void {
  if (secret === undefined || kind === 'webhook') return;
  throw new UsageError('An e-mail is not signed and needs no secret.', 'Leave it out.');
}
