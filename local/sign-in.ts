import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ROLES } from '../functions/caller.ts';
import { PRINCIPAL_HEADER } from '../functions/principal.ts';
import type { Failure } from '../shared/errors.ts';
import { splitTarget } from './http-request.ts';
import type { Keys } from './keys.ts';

/** What the platform alone says to the app. */
const RESERVED = /^x-ms-(?:client-principal|token)(?:-|$)/;

/**
 * Plays the platform's part: whoever brings a key of this host becomes a principal with its role.
 * What they may do then is the app's to say, as it is on Azure.
 */
export class SignIn {
  readonly #holders: readonly { readonly digest: Buffer; readonly principal: string }[];

  constructor(keys: Keys) {
    this.#holders = ROLES.map((role) => ({
      digest: digestOf(keys[role]),
      principal: principalOf(role),
    }));
  }

  /**
   * Writes on the request who it is from; whatever it said of that itself is gone. Who brings no key
   * is nobody. The failure of who brings a wrong one.
   */
  admit(incoming: IncomingMessage): Failure | undefined {
    const { headers } = incoming;
    for (const name of Object.keys(headers)) {
      if (RESERVED.test(name)) headers[name] = undefined;
    }
    const key = keyOf(incoming);
    if (key === undefined) return undefined;
    const principal = this.#principalFor(key);
    if (principal === undefined) {
      return { kind: 'unauthenticated', detail: 'key: expected one of this host’s, got another' };
    }
    headers[PRINCIPAL_HEADER] = principal;
    return undefined;
  }

  /** Takes as long whatever the key is: it says nothing of how close it came. */
  #principalFor(key: string): string | undefined {
    const digest = digestOf(key);
    let found: string | undefined;
    for (const holder of this.#holders) {
      if (timingSafeEqual(holder.digest, digest)) found ??= holder.principal;
    }
    return found;
  }
}

/** As the Functions host takes it, or as a bearer token. */
function keyOf({ headers, url }: IncomingMessage): string | undefined {
  const own = headers['x-functions-key'];
  if (own !== undefined) return String(own);
  const code = new URLSearchParams(splitTarget(url).search).get('code');
  if (code !== null) return code;
  return /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
}

function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

function principalOf(role: (typeof ROLES)[number]): string {
  const claims = [
    { typ: 'preferred_username', val: role.toLowerCase() },
    { typ: 'roles', val: role },
  ];
  const document = { auth_typ: 'key', name_typ: 'preferred_username', role_typ: 'roles', claims };
  return Buffer.from(JSON.stringify(document)).toString('base64');
}
