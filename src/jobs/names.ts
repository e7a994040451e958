import { UsageError } from '../domain/errors.ts';
import { isReserved } from './actor.ts';

const NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._@-]{0,63}$/u;

/**
 * A name for a user or a key, in one spelling of its characters.
 * @throws UsageError when it cannot be one
 */
export function nameOf(text: string): string {
  const name = text.normalize('NFKC');
  if (!NAME.test(name)) {
    throw new UsageError(
      `${JSON.stringify(text.slice(0, 100))} cannot be a name.`,
      'A name has up to 64 letters, digits and . _ @ -, and begins with a letter or a digit.',
    );
  }
  if (isReserved(keyOf(name))) {
    throw new UsageError(`The name "${name}" is taken by a part of Longhand.`, 'Choose another one.');
  }
  return name;
}

/** As names are compared: `Anna` is `anna`. */
export function keyOf(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}
