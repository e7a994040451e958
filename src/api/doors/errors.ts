import { UsageError } from '../../domain/errors.ts';
import type { Scope } from '../../domain/scope.ts';

/** Nobody said who it is, or what was said is not known. */
export class NotSignedInError extends UsageError {
  readonly statusCode = 401;
  readonly code: string;

  constructor(given: 'nothing' | 'key' | 'session' | 'scheme') {
    super(SENTENCES[given], REMEDIES[given]);
    this.code = given === 'nothing' ? 'not_signed_in' : 'invalid_credentials';
  }
}

const SENTENCES = {
  nothing: 'This needs a key or a sign-in.',
  key: 'The key is not known, or was revoked.',
  session: 'The sign-in is over.',
  scheme: 'This kind of Authorization is not known here.',
};

const SEND_KEY = 'Send a key as "Authorization: Bearer lh_…".';
const REMEDIES = {
  nothing: `${SEND_KEY} A key: longhand keys add NAME. In a browser sign in first.`,
  key: 'Make another one: longhand keys add NAME',
  session: 'Sign in again.',
  scheme: SEND_KEY,
};

/** Who it is is known, and may not do this. */
export class ScopeError extends UsageError {
  readonly statusCode = 403;
  readonly code = 'scope_needed';

  constructor(needed: Scope, given: Scope) {
    super(`This needs the scope ${needed}; yours is ${given}.`, `Ask an admin, or use a key of the scope ${needed}.`);
  }
}

/** There are no users and no keys, and somebody comes from elsewhere. */
export class OnlyFromHereError extends UsageError {
  readonly statusCode = 403;
  readonly code = 'only_from_here';

  constructor() {
    super(
      'Longhand has no users and no keys yet, so it answers programs on its own machine alone.',
      'At that machine: longhand users add NAME',
    );
  }
}

/** The name in the address is none of ours: it may be somebody else's that leads here (DNS rebinding). */
export class HostRefusedError extends UsageError {
  readonly statusCode = 421;
  readonly code = 'host_refused';

  constructor(host: string | undefined) {
    super(
      host === undefined
        ? 'The request does not say to which host.'
        : `This is not ${JSON.stringify(host.slice(0, 255))}.`,
      'If it is to be reached by that name, put the name into LONGHAND_ALLOWED_HOSTS.',
    );
  }
}

/** A page of another site would have something done here. */
export class OriginRefusedError extends UsageError {
  readonly statusCode = 403;
  readonly code = 'origin_refused';

  constructor() {
    super(
      'A page of another site may not do this.',
      'Behind a proxy put the name under which people see Longhand into LONGHAND_ALLOWED_HOSTS.',
    );
  }
}

/** Too many wrong passwords. */
export class TooManyTriesError extends UsageError {
  readonly statusCode = 429;
  readonly code = 'too_many_tries';
  /** Seconds after which it may be tried again. */
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number) {
    super('Too many tries to sign in.', `Try again in ${Math.ceil(retryAfterSeconds / 60)} min.`);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
