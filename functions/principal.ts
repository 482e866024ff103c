import { type Caller, ROLES, type Role } from './caller.ts';

/** Where the platform says who signed in; it removes what callers send under this name. */
export const PRINCIPAL_HEADER = 'x-ms-client-principal';

/** Who signed in, and as what. */
export interface Principal extends Caller {
  readonly roles: readonly Role[];
}

/** Longer than the headers that hosts take together. */
const MAX_HEADER_LENGTH = 65_536;
const MAX_NAME_LENGTH = 128;

const CLASSIC_CLAIMS = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims';
const ENTRA_CLAIMS = 'http://schemas.microsoft.com/identity/claims';
const CLASSIC_ROLE = 'http://schemas.microsoft.com/ws/2008/06/identity/claims/role';

/** The claims that name somebody, the best first; the platform spells some of them the classic way. */
const PERSON = [
  'preferred_username',
  'upn',
  `${CLASSIC_CLAIMS}/upn`,
  'name',
  `${CLASSIC_CLAIMS}/name`,
];
const SERVICE = ['azp', 'appid'];
/** What is left for people whose names are withheld. */
const OBJECT = [
  'oid',
  `${ENTRA_CLAIMS}/objectidentifier`,
  'sub',
  `${CLASSIC_CLAIMS}/nameidentifier`,
];

/**
 * Reads the principal header: base64 of `{role_typ?, claims: [{typ, val}]}`. Undefined for anything
 * that isn't one or that names nobody; it never throws. Roles that nobody knows count for nothing.
 * The format: https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities
 */
export function parsePrincipal(header: string): Principal | undefined {
  const document = decoded(header);
  if (!isObject(document) || !Array.isArray(document['claims'])) return undefined;
  const claims = document['claims'].flatMap((claim) => claimOf(claim));
  const name = nameIn(claims);
  if (name === undefined) return undefined;
  const roleTypes = ['roles', CLASSIC_ROLE, document['role_typ']];
  const given = claims.filter(({ type }) => roleTypes.includes(type)).map(({ value }) => value);
  return { name, roles: ROLES.filter((role) => given.includes(role)) };
}

interface Claim {
  readonly type: string;
  readonly value: string;
}

function decoded(header: string): unknown {
  // Buffer skips what is no base64: two headers that were joined would count as one.
  if (header.length > MAX_HEADER_LENGTH || !/^[A-Za-z0-9+/]+={0,2}$/.test(header)) return undefined;
  try {
    return JSON.parse(Buffer.from(header, 'base64').toString('utf8'));
  } catch {
    return undefined;
  }
}

function claimOf(claim: unknown): Claim[] {
  if (!isObject(claim)) return [];
  const { typ, val } = claim;
  return typeof typ === 'string' && typeof val === 'string' ? [{ type: typ, value: val }] : [];
}

function nameIn(claims: readonly Claim[]): string | undefined {
  const first = (types: readonly string[]): string | undefined => {
    for (const type of types) {
      const found = claims.find((claim) => claim.type === type && claim.value.trim() !== '');
      if (found) return printable(found.value.trim());
    }
    return undefined;
  };
  const person = first(PERSON);
  if (person !== undefined) return `user:${person}`;
  const service = first(SERVICE);
  if (service !== undefined) return `app:${service}`;
  const object = first(OBJECT);
  return object === undefined ? undefined : `user:${object}`;
}

/** Fit for a log line and a page: no control, format or private characters, no halves of pairs. */
function printable(text: string): string {
  return text.slice(0, MAX_NAME_LENGTH).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
