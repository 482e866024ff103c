import { messageOf, ServingError } from '../shared/errors.ts';
import { canonicalJson } from '../shared/registry/canonical-json.ts';
import { type Card, cardSchema } from '../shared/registry/card.ts';
import { parseAs } from './body.ts';

export const MAX_CARD_BYTES = 256 * 1024;

/** A card that came as text. @throws ServingError `malformed` that names each wrong member */
export function parseCardText(bytes: Uint8Array): Card {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw malformed(`expected JSON in UTF-8: ${messageOf(error)}`);
  }
  return parseCard(value);
}

/** A card. @throws ServingError `malformed` that names each wrong member */
export function parseCard(value: unknown): Card {
  const bytes = Buffer.byteLength(canonicalJson(value, 'card'));
  if (bytes > MAX_CARD_BYTES) {
    throw malformed(`expected at most ${MAX_CARD_BYTES} bytes of JSON, got ${bytes}`);
  }
  return parseAs(cardSchema, value, 'card');
}

function malformed(why: string): ServingError {
  return new ServingError({ kind: 'malformed', detail: `card: ${why}` });
}
