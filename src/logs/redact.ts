import { percentDecoded } from '../domain/percent.ts';

/** What stands in place of a secret. */
const HIDDEN = '[hidden]';
/**
 * Shorter secrets are not looked for: they are in every other line, and hiding them there would only tell what they
 * are. For the same reason the beginning of a secret counts only from this length on.
 */
const MIN_SECRET_CHARACTERS = 4;

/** The password of a URL, up to the last `@` before its path (RFC 3986, 3.2.1). */
const URL_PASSWORD = /(:\/\/[^\s/?#:@"<>`]*:)[^\s/?#"<>`]+(?=@)/g;
/** The same where the text ends before the `@`. */
const URL_PASSWORD_BEGUN = /(:\/\/[^\s/?#:@"<>`]*:)[^\s/?#"<>`]+$/;

/**
 * Hides secrets in a text.
 * @param cutOff the text had more, which is not known: what may be the beginning of a secret at its end is hidden too
 */
export type Redactor = (text: string, cutOff?: boolean) => string;

/**
 * Hides these secrets and the password of any URL.
 *
 * A secret is found as it is, percent-encoded and as in JSON; one of several lines is found line by line; of a secret
 * that is a URL the password is found alone, too. Where secrets overlap, everything that belongs to one is hidden.
 * Secrets shorter than 4 characters are not looked for.
 */
export function redactor(secrets: readonly string[]): Redactor {
  const needles = [...new Set(secrets.flatMap(partsOf).flatMap(spellingsOf))].sort((a, b) => b.length - a.length);
  return (text, cutOff = false) => {
    const spans = needles.flatMap((needle) => spansOf(needle, text));
    if (cutOff) spans.push(...needles.flatMap((needle) => begunSpan(needle, text)));
    return withoutUrlPasswords(withoutSpans(text, spans), cutOff);
  };
}

/** What must not be seen of a secret: each of its lines, and the password in it. */
function partsOf(secret: string): string[] {
  const lines = secret.split(/[\r\n]+/).map((line) => line.trim());
  return [...lines, ...lines.flatMap(passwordsIn)];
}

/** As it was written, as the parser writes it, and decoded. Somebody may have left a `/` or an `@` in it as it is. */
function passwordsIn(line: string): string[] {
  const written = [/:\/\/[^\s/?#:@]*:([^\s/?#]+)@/, /:\/\/[^\s/?#:@]*:(\S+)@/].map(
    (pattern) => pattern.exec(line)?.[1] ?? '',
  );
  const passwords = URL.canParse(line) ? [...written, new URL(line).password] : written;
  return [...passwords, ...passwords.map(percentDecoded)];
}

function spellingsOf(part: string): string[] {
  // Half a surrogate pair cannot be encoded; it would not reach the log as such either.
  const wellFormed = Buffer.from(part).toString();
  const spellings = [part, encodeURIComponent(wellFormed), JSON.stringify(part).slice(1, -1)];
  return spellings.filter((spelling) => spelling.length >= MIN_SECRET_CHARACTERS);
}

type Span = [start: number, end: number];

function spansOf(needle: string, text: string): Span[] {
  const spans: Span[] = [];
  for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + 1)) spans.push([at, at + needle.length]);
  return spans;
}

/** Where the text ends with the beginning of the needle. */
function begunSpan(needle: string, text: string): Span[] {
  for (let length = Math.min(needle.length - 1, text.length); length >= MIN_SECRET_CHARACTERS; length -= 1) {
    if (text.endsWith(needle.slice(0, length))) return [[text.length - length, text.length]];
  }
  return [];
}

function withoutSpans(text: string, spans: Span[]): string {
  if (spans.length === 0) return text;
  let out = '';
  let done = 0;
  for (const [start, end] of spans.sort(([a], [b]) => a - b)) {
    if (start >= done) out += text.slice(done, start) + HIDDEN;
    done = Math.max(done, end);
  }
  return out + text.slice(done);
}

function withoutUrlPasswords(text: string, cutOff: boolean): string {
  if (!text.includes('://')) return text;
  const hidden = text.replace(URL_PASSWORD, `$1${HIDDEN}`);
  return cutOff ? hidden.replace(URL_PASSWORD_BEGUN, `$1${HIDDEN}`) : hidden;
}
