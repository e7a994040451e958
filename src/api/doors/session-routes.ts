import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { WrongPasswordError } from '../../jobs/access-errors.ts';
import { keyOf } from '../../jobs/names.ts';
import { changePassword, neededToComeIn, signIn, signOut } from '../../jobs/sessions.ts';
import type { ApiContext } from '../context.ts';
import { changeOwnPassword, endSession, showSession, startSession } from '../schemas/session.ts';
import { NotSignedInError, TooManyTriesError } from './errors.ts';
import { giveSession, sessionIdOf, takeSession } from './session-cookie.ts';
import { SignInLimits } from './sign-in-limits.ts';

/** Tells whoever runs the service that a sign-in was refused. Never what was typed: a password may stand in the name's place. */
export type OnRefusal = (sentence: string) => void;

/** Signing in and out of a browser: over TCP alone, since whoever has the socket needs neither. */
export function sessionRoutes(server: FastifyInstance, store: ApiContext['store'], onRefusal: OnRefusal): void {
  const app = server.withTypeProvider<ZodTypeProvider>();
  const limits = new SignInLimits(store.clock);

  /** Lets the password be checked unless there were too many wrong ones. */
  const limited = async <T>(ip: string, reply: FastifyReply, name: string, check: () => Promise<T>): Promise<T> => {
    try {
      const wasRight = limits.begin(ip, keyOf(name));
      const done = await check();
      wasRight();
      return done;
    } catch (error) {
      if (error instanceof WrongPasswordError) onRefusal(`A sign-in from ${ip} was refused: wrong name or password.`);
      if (error instanceof TooManyTriesError) reply.header('retry-after', String(error.retryAfterSeconds));
      throw error;
    }
  };

  /** Who one is, and what is needed to come in. */
  app.get('/api/session', { schema: showSession }, async ({ caller, door }) => ({
    needed: await neededToComeIn(store),
    caller: door === undefined ? null : { name: caller.actor, scope: caller.scope, by: door },
  }));

  app.post('/api/session', { schema: startSession }, async (request, reply) => {
    const { body } = request;
    const { id, identity } = await limited(request.ip, reply, body.name ?? '', () => signIn(store, body));
    const before = sessionIdOf(request);
    if (before !== undefined) await signOut(store, before);
    giveSession(request, reply, id);
    return { name: identity.name, scope: identity.scope };
  });

  app.delete('/api/session', { schema: endSession }, async (request, reply) => {
    const id = sessionIdOf(request);
    takeSession(request, reply);
    return { ended: id !== undefined && (await signOut(store, id)) };
  });

  /** Another password for whoever is signed in, who must sign in again everywhere. */
  app.post('/api/session/password', { schema: changeOwnPassword }, async (request, reply) => {
    const { door, caller, body, ip } = request;
    if (door !== 'session') throw new NotSignedInError('nothing');
    await limited(ip, reply, caller.actor, () => changePassword(store, caller.actor, body.old, body.new));
    takeSession(request, reply);
    return { name: caller.actor };
  });
}
