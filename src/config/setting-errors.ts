import { UsageError } from '../domain/errors.ts';

/** There is no setting of that name. */
export class UnknownSettingError extends UsageError {
  readonly statusCode = 404;
  readonly code = 'setting_not_found';

  constructor(name: string, close: string | undefined) {
    super(
      `There is no setting ${JSON.stringify(name)}.`,
      close ? `Did you mean "${close}"?` : 'See: longhand settings list',
    );
  }
}

/** What was given for it cannot be used. The value itself is never told: it may be a secret. */
export class SettingValueError extends UsageError {
  readonly statusCode = 400;
  readonly code = 'setting_value';

  constructor(name: string, problem: string, about: string) {
    super(`The setting ${name} cannot be that: ${problem}.`, `It is: ${about}.`);
  }
}

/** A flag, the environment or the user's file says what it is, and would go on to say so. */
export class SettingFixedError extends UsageError {
  readonly statusCode = 409;
  readonly code = 'setting_fixed';

  constructor(name: string, where: string) {
    super(`The setting ${name} is set ${where}, which counts more.`, 'Change it there, then: longhand restart');
  }
}

/** It is changed only by who has the machine. */
export class SettingRefusedError extends UsageError {
  readonly statusCode = 409;
  readonly code = 'setting_refused';

  constructor(name: string, why: string, variable: string) {
    super(
      `The setting ${name} cannot be changed here: ${why}.`,
      `Set ${variable} or its line in the settings file, then: longhand restart`,
    );
  }
}
