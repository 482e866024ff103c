import { createHash } from 'node:crypto';
import type { App } from '../shared/compose.ts';
import { ServingError } from '../shared/errors.ts';
import { RecentMap } from '../shared/inference/recent-map.ts';
import { ANONYMOUS, type Caller, mayCall, type Role } from './caller.ts';
import { PRINCIPAL_HEADER, type Principal, parsePrincipal } from './principal.ts';
import type { HttpFunction, Request } from './trigger.ts';

// The one place that says who may call what. How it is known who asks, `config.access` says.

type Told = Pick<Request, 'headers' | 'query'>;

/** Headers and keys come again and again. A header is as long as a kilobyte or two. */
const MAX_KNOWN = 500;
const principals = new RecentMap<string, Principal>(MAX_KNOWN);
const keyHolders = new RecentMap<string, Caller>(MAX_KNOWN);

/**
 * Runs `act` for a caller who may call the function, as one of the requests that they have under
 * way; a body that is streamed afterwards counts no more.
 * @throws ServingError `unauthenticated`, `forbidden`, `overloaded`, and then nothing ran
 */
export async function asCaller<T>(
  definition: Pick<HttpFunction, 'name' | 'access'>,
  { config, callers }: Pick<App, 'config' | 'callers'>,
  request: Told,
  act: (caller: Caller) => Promise<T>,
): Promise<T> {
  const caller = callerOf(definition, config.access, request);
  // Who is nobody in particular has nothing of their own to be held to.
  if (caller === ANONYMOUS) return await act(caller);
  callers.enter(caller.name);
  try {
    return await act(caller);
  } finally {
    callers.leave(caller.name);
  }
}

function callerOf(
  { name, access }: Pick<HttpFunction, 'name' | 'access'>,
  mode: App['config']['access'],
  request: Told,
): Caller {
  if (access === 'anonymous') return ANONYMOUS;
  switch (mode) {
    case 'open':
      return ANONYMOUS;
    case 'keys':
      return keyHolder(request);
    case 'roles': {
      const principal = signedIn(request);
      if (!mayCall(principal.roles, access)) throw forbidden(name, access, principal);
      return principal;
    }
    default:
      // Never open by accident.
      throw new Error(`access: expected open, keys or roles, got ${String(mode satisfies never)}`);
  }
}

/** The platform let them in by the key; here it only names them. */
function keyHolder(request: Told): Caller {
  const key = keyOf(request);
  // The host's own calls and a host on one's own machine have none.
  if (!key) return ANONYMOUS;
  const known = keyHolders.get(key);
  if (known) return known;
  const digest = createHash('sha256').update(key).digest('hex');
  const caller: Caller = { name: `key:${digest.slice(0, 8)}` };
  keyHolders.set(key, caller);
  return caller;
}

/**
 * The key that the Functions host looked at: the first of several, and whatever the case of `code`.
 * Otherwise who adds another would get as many names as they like.
 */
function keyOf({ headers, query }: Told): string | undefined {
  let given = headers.get('x-functions-key');
  if (given === null) {
    for (const [name, value] of query) {
      if (name.toLowerCase() !== 'code') continue;
      given = value;
      break;
    }
  }
  // Several arrive as one, joined.
  return given?.split(',', 1)[0]?.trim();
}

function signedIn({ headers }: Told): Principal {
  const header = headers.get(PRINCIPAL_HEADER);
  if (!header) throw unauthenticated('the request says nobody');
  const known = principals.get(header);
  if (known) return known;
  const principal = parsePrincipal(header);
  if (!principal) throw unauthenticated('what the platform says of the caller can’t be read');
  principals.set(header, principal);
  return principal;
}

function unauthenticated(why: string): ServingError {
  return new ServingError({
    kind: 'unauthenticated',
    detail: `${why}; expected who it is from: Authorization: Bearer with a token (on a local host also x-functions-key with a key)`,
  });
}

function forbidden(what: string, needed: Role, { name, roles }: Principal): ServingError {
  return new ServingError({
    kind: 'forbidden',
    detail: `${what}: expected role ${needed}, ${name} has ${roles.length > 0 ? roles.join(', ') : 'none'}`,
  });
}
