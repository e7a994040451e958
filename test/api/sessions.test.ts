import { describe, expect, test } from 'vitest';
import { SignInLimits } from '../../src/api/doors/sign-in-limits.ts';
import { SESSION_IDLE_MS, SESSION_MOST_MS } from '../../src/jobs/credentials.ts';
import { setPassword } from '../../src/jobs/users.ts';
import { testClock } from '../store/support.ts';
import { type Guarded, guarded, PASSWORD, signedIn, user } from './doors-support.ts';

async function isIn({ server }: Guarded, cookie: string): Promise<boolean> {
  return (await server.inject({ url: '/api/jobs', headers: { cookie } })).statusCode === 200;
}

describe('a browser', () => {
  test('signs in by the only user’s password, and out again', async () => {
    const here = await guarded();
    await user(here, 'anna');
    expect((await here.server.inject('/api/session')).json()).toEqual({ needed: 'password', caller: null });
    const { response, cookie } = await signedIn(here, { password: PASSWORD });
    expect(response.json()).toEqual({ name: 'anna', scope: 'admin' });
    expect(response.headers['set-cookie']).toMatch(/; HttpOnly; SameSite=Strict$/);
    expect(await isIn(here, cookie)).toBe(true);
    expect((await here.server.inject({ url: '/api/session', headers: { cookie } })).json()).toMatchObject({
      caller: { name: 'anna', scope: 'admin', by: 'session' },
    });
    const out = await here.server.inject({ method: 'DELETE', url: '/api/session', headers: { cookie } });
    expect(out.json()).toEqual({ ended: true });
    expect(out.headers['set-cookie']).toMatch(/longhand_session=;.*Max-Age=0/);
    expect(await isIn(here, cookie)).toBe(false);
  });

  test('has a cookie for https alone when it came by https', async () => {
    const here = await guarded({ allowedHosts: ['transcribe.example.org'] });
    await user(here, 'anna');
    for (const headers of [
      { host: 'transcribe.example.org', origin: 'https://transcribe.example.org' },
      { 'x-forwarded-proto': 'https' },
    ]) {
      const { response } = await signedIn(here, { password: PASSWORD }, { headers });
      expect(response.headers['set-cookie']).toMatch(/; Secure;/);
    }
  });

  test('is out after a while without use, and after a time in any case', async () => {
    const here = await guarded();
    await user(here, 'anna');
    const { clock } = here;
    const { cookie } = await signedIn(here, { password: PASSWORD });
    for (let passed = 0; passed < SESSION_MOST_MS; passed += SESSION_IDLE_MS - 1) {
      expect(await isIn(here, cookie)).toBe(true);
      clock.advance(SESSION_IDLE_MS - 1);
    }
    expect(await isIn(here, cookie)).toBe(false);
    const second = await signedIn(here, { password: PASSWORD });
    clock.advance(SESSION_IDLE_MS);
    expect(await isIn(here, second.cookie)).toBe(false);
    expect(await here.store.db.selectFrom('sessions').selectAll().execute()).toEqual([]);
  });

  test('is out when the password is changed, by an admin or by oneself', async () => {
    const here = await guarded();
    await user(here, 'anna');
    const { cookie } = await signedIn(here, { password: PASSWORD });
    expect(await isIn(here, cookie)).toBe(true);
    await setPassword(here.store, 'anna', 'another password');
    expect(await isIn(here, cookie)).toBe(false);
    const again = await signedIn(here, { name: 'ANNA', password: 'another password' });
    const change = { method: 'POST', url: '/api/session/password', headers: { cookie: again.cookie } } as const;
    const wrong = await here.server.inject({ ...change, body: { old: 'not the old one', new: PASSWORD } });
    expect(wrong.json()).toMatchObject({ status: 401, code: 'wrong_password' });
    const short = await here.server.inject({ ...change, body: { old: 'another password', new: 'short' } });
    expect(short.json()).toMatchObject({ status: 400, detail: /at least 8 characters/ });
    expect((await here.server.inject({ ...change, body: { old: 'another password', new: PASSWORD } })).statusCode).toBe(
      200,
    );
    expect(await isIn(here, again.cookie)).toBe(false);
    expect((await signedIn(here, { password: PASSWORD })).response.statusCode).toBe(200);
  });

  test('is not told whether the name or the password was wrong, and is held up after ten tries', async () => {
    const refusals: string[] = [];
    const here = await guarded({ onRefusal: (sentence) => refusals.push(sentence) });
    await user(here, 'anna');
    const wrongName = await signedIn(here, { name: 'ben', password: PASSWORD });
    const wrongPassword = await signedIn(here, { name: 'anna', password: 'wrong password' });
    expect(wrongName.response.json()).toMatchObject({ status: 401, code: 'wrong_password' });
    expect(wrongPassword.response.json()).toEqual(wrongName.response.json());
    for (let n = 2; n < 10; n += 1) await signedIn(here, { name: 'anna', password: 'wrong password' });
    const { response } = await signedIn(here, { name: 'anna', password: PASSWORD });
    expect(response.json()).toMatchObject({ status: 429, code: 'too_many_tries' });
    expect(Number(response.headers['retry-after'])).toBe(15 * 60);
    expect(
      (await signedIn(here, { name: 'anna', password: PASSWORD }, { remoteAddress: '192.0.2.9' })).response.statusCode,
    ).toBe(200);
    here.clock.advance(15 * 60_000);
    expect((await signedIn(here, { name: 'anna', password: PASSWORD })).response.statusCode).toBe(200);
    expect(refusals).toHaveLength(10);
    expect(refusals.join()).not.toMatch(/anna|wrong password,|horse/);
  });
});

describe('tries to sign in', () => {
  const wrong = (limits: SignInLimits, address: string, name: string) => {
    try {
      limits.begin(address, name);
      return 'heard';
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  test('count by name over all addresses', () => {
    const limits = new SignInLimits(testClock());
    const answers = Array.from({ length: 31 }, (_, n) => wrong(limits, `192.0.2.${n}`, 'anna'));
    expect(answers.slice(0, 30)).toEqual(Array(30).fill('heard'));
    expect(answers.at(-1)).toBe('too_many_tries');
    expect(wrong(limits, '192.0.2.99', 'ben')).toBe('heard');
  });

  test('count by the network of an IPv6 address', () => {
    const limits = new SignInLimits(testClock());
    for (let n = 0; n < 10; n += 1) wrong(limits, `2001:db8:1:2::${n}`, `name${n}`);
    expect(wrong(limits, '2001:db8:1:2:ffff:1:2:3', 'other')).toBe('too_many_tries');
    expect(wrong(limits, '2001:db8:1:3::1', 'other')).toBe('heard');
  });

  test('that were right do not count, and do not wipe out those that were wrong', () => {
    const limits = new SignInLimits(testClock());
    for (let n = 0; n < 9; n += 1) wrong(limits, '192.0.2.1', `name${n}`);
    for (let n = 0; n < 20; n += 1) limits.begin('192.0.2.1', 'anna')();
    expect(wrong(limits, '192.0.2.1', 'x')).toBe('heard');
    expect(wrong(limits, '192.0.2.1', 'x')).toBe('too_many_tries');
  });
});
