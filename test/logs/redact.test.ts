import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { redactor } from '../../src/logs/redact.ts';

describe('a secret', () => {
  test.each<[string[], string, string]>([
    [['sk-12345'], 'key=sk-12345, again sk-12345', 'key=[hidden], again [hidden]'],
    [['sk-12345', 'sk-12345-long'], 'sk-12345-long sk-12345', '[hidden] [hidden]'],
    [['abcdef', 'defghi'], 'x abcdefghi y', 'x [hidden] y'],
    [['abab'], 'ababab!', '[hidden]!'],
    [['a.*b$&'], 'a.*b$& axxb', '[hidden] axxb'],
    [['p@ss/wörd'], 'GET /?key=p%40ss%2Fw%C3%B6rd', 'GET /?key=[hidden]'],
    [['quo"te\\s'], '{"key":"quo\\"te\\\\s"}', '{"key":"[hidden]"}'],
    [['first line\nsecond line\n'], 'second line\nfirst line', '[hidden]\n[hidden]'],
    [['  spaced out \n'], 'key: spaced out.', 'key: [hidden].'],
    [['abc', ''], 'abc', 'abc'],
    [['sk-12345'], 'sk-1234', 'sk-1234'],
  ])('of %j is not in %j', (secrets, text, expected) => {
    expect(redactor(secrets)(text)).toBe(expected);
  });

  test('that is a URL hides its password alone, too', () => {
    const redact = redactor(['postgres://longhand:p%40ssw0rd@db:5432/longhand']);
    expect(redact('connecting to postgres://longhand:p%40ssw0rd@db:5432/longhand')).toBe('connecting to [hidden]');
    expect(redact('password "p@ssw0rd" refused')).toBe('password "[hidden]" refused');
    expect(redact('PGPASSWORD=p%40ssw0rd')).toBe('PGPASSWORD=[hidden]');
  });

  test.each(['redis://:pa/ss#word@host', 'postgres://u:pa/ss#word@host/db', 'amqp://u:100%pa/ss@h'])(
    'that is a URL which was not encoded (%s) hides its password, too',
    (url) => {
      const password = /:([^:]*)@/.exec(url)?.[1] as string;
      expect(redactor([url])(`password ${password} refused`)).toBe('password [hidden] refused');
    },
  );

  test('never gets through, wherever it is and however many there are', () => {
    const secret = fc.string({ minLength: 4, maxLength: 12 }).filter((text) => text.trim().length >= 4);
    fc.assert(
      fc.property(fc.array(secret, { minLength: 1, maxLength: 4 }), fc.array(fc.string()), (secrets, between) => {
        const text = between.flatMap((some, at) => [some, secrets[at % secrets.length] as string]).join('');
        const shown = redactor(secrets)(text).split('[hidden]');
        for (const one of secrets) for (const piece of shown) expect(piece).not.toContain(one.trim());
      }),
    );
  });
});

describe('the password of any URL', () => {
  const redact = redactor([]);
  test.each([
    ['see https://me:secret@host/path?a=b@c', 'see https://me:[hidden]@host/path?a=b@c'],
    ['redis://:secret@host', 'redis://:[hidden]@host'],
    ['https://me:p@ss:word@host', 'https://me:[hidden]@host'],
    ['a://b:c@d and e://f:g@h', 'a://b:[hidden]@d and e://f:[hidden]@h'],
  ])('is hidden: %s', (text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  test.each([
    'http://localhost:8080/a@b',
    'http://host:80 me@host',
    'a:b@c',
    'https://me@host',
    '["http://a:1","b@c"]',
  ])('is not seen where there is none: %s', (text) => {
    expect(redact(text)).toBe(text);
  });
});

describe('where a text was cut off', () => {
  const redact = redactor(['sk-1234567890', 'sk-12-other']);
  test.each([
    ['key sk-12', 'key [hidden]'],
    ['key sk-123456789', 'key [hidden]'],
    ['key sk-12-o', 'key [hidden]'],
    ['key sk-', 'key sk-'],
    ['key sk-1234567890', 'key [hidden]'],
    ['sk-1234 key', 'sk-1234 key'],
    ['https://me:secr', 'https://me:[hidden]'],
    ['https://me', 'https://me'],
  ])('the beginning of a secret is hidden: %s', (text, expected) => {
    expect(redact(text, true)).toBe(expected);
  });

  test('nothing of a secret is seen that overlaps another one', () => {
    expect(redactor(['abcdabcd'])('x abcdabcd', true)).toBe('x [hidden]');
  });
});
