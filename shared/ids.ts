import { ServingError } from './errors.ts';

declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** A model's name: `[a-z0-9][a-z0-9._-]{0,127}`, never `stats` (that path is Triton's). */
export type ModelName = Branded<string, 'ModelName'>;
/** A model version: a positive integer, counted per model and never used twice. */
export type Version = Branded<number, 'Version'>;
/** A name for one version of a model: `[a-z][a-z0-9-]{0,62}`. */
export type AliasName = Branded<string, 'AliasName'>;
/** A SHA-256 in lower-case hexadecimal. */
export type Digest = Branded<string, 'Digest'>;
/** What makes two registrations the same version: a SHA-256 over model, card and evaluation, base64url. */
export type Fingerprint = Branded<string, 'Fingerprint'>;
/** A rollout: letters, digits, `-` and `_`. */
export type RolloutId = Branded<string, 'RolloutId'>;
/** One state of one dropped blob: a SHA-256 over its path and ETag, base64url. */
export type DropId = Branded<string, 'DropId'>;

const MODEL_NAME = /^[a-z0-9][a-z0-9._-]{0,127}$/;
const ALIAS_NAME = /^[a-z][a-z0-9-]{0,62}$/;
const ROLLOUT_ID = /^[A-Za-z0-9_-]{1,64}$/;
const VERSION = /^[1-9][0-9]{0,14}$/;

/** Checks a model name that came from outside. @throws ServingError `malformed` */
export function parseModelName(text: string): ModelName {
  if (!MODEL_NAME.test(text) || text === 'stats') {
    throw malformed(
      `model name: expected 1 to 128 of a-z, 0-9, ".", "_" and "-", beginning with a letter or digit, and not "stats"; got ${quoted(text)}`,
    );
  }
  return text as ModelName;
}

/** Checks a version number that came from outside as text. @throws ServingError `malformed` */
export function parseVersion(text: string): Version {
  if (!VERSION.test(text)) {
    throw malformed(`version: expected a positive integer, got ${quoted(text)}`);
  }
  return Number(text) as Version;
}

/** Checks an alias that came from outside. @throws ServingError `malformed` */
export function parseAliasName(text: string): AliasName {
  if (!ALIAS_NAME.test(text)) {
    throw malformed(
      `alias: expected 1 to 63 of a-z, 0-9 and "-", beginning with a letter; got ${quoted(text)}`,
    );
  }
  return text as AliasName;
}

/** Checks a rollout's id that came from outside. @throws ServingError `malformed` */
export function parseRolloutId(text: string): RolloutId {
  if (!ROLLOUT_ID.test(text)) {
    throw malformed(
      `rollout: expected an id of 1 to 64 letters, digits, "-" and "_"; got ${quoted(text)}`,
    );
  }
  return text as RolloutId;
}

/** A path's `{version}` may be a number or an alias; which one, its first character tells. */
export function parseVersionOrAlias(text: string): Version | AliasName {
  return /^[0-9]/.test(text) ? parseVersion(text) : parseAliasName(text);
}

function malformed(detail: string): ServingError {
  return new ServingError({ kind: 'malformed', detail });
}

/** What a caller sent, cut to a length that is safe to repeat in a message. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
