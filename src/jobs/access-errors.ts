import { LonghandError, UsageError } from '../domain/errors.ts';

/** Neither a name that is not known nor a password that is wrong is told from the other. */
export class WrongPasswordError extends UsageError {
  readonly statusCode = 401;
  readonly code = 'wrong_password';

  constructor() {
    super('The name or the password is not right.', 'A new password: longhand users password NAME, at the machine.');
  }
}

/** Passwords are checked one after the other, and many wait. */
export class SignInBusyError extends LonghandError {
  readonly statusCode = 503;
  readonly code = 'sign_in_busy';

  constructor() {
    super({ kind: 'unknown', message: 'Too many passwords are being checked.', remedy: 'Try again in a minute.' });
  }
}

export class NoSuchUserError extends UsageError {
  readonly statusCode = 404;
  readonly code = 'user_not_found';

  constructor(name: string) {
    super(`There is no user "${name}".`, 'See: longhand users list');
  }
}

export class NoSuchKeyError extends UsageError {
  readonly statusCode = 404;
  readonly code = 'key_not_found';

  constructor(name: string) {
    super(`There is no key "${name}".`, 'See: longhand keys list');
  }
}

/** A name is taken, or somebody is needed. */
export class AccessConflictError extends UsageError {
  readonly statusCode = 409;
  readonly code = 'access_conflict';
}
