import { ServingError } from '../errors.ts';
import { quoted } from '../ids.ts';
import type { BatchId } from './job.ts';

/** Crockford's base 32: digits sort before letters, and nothing is easily misread. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_CHARACTERS = 10;
const BATCH_ID = /^[0-9a-hjkmnp-tv-z]{26}$/;

/** An id that sorts by `now` (ms since the epoch); `random` is 16 bytes of chance. */
export function batchIdOf(now: number, random: Uint8Array): BatchId {
  let time = '';
  for (let rest = now, place = 0; place < TIME_CHARACTERS; place++) {
    time = `${ALPHABET[rest % 32] ?? ''}${time}`;
    rest = Math.floor(rest / 32);
  }
  const chance = Array.from(random.subarray(0, 16), (byte) => ALPHABET[byte % 32] ?? '').join('');
  return `${time}${chance}` as BatchId;
}

/** Checks an id that came from outside: what can't be one names no batch. @throws ServingError `notFound` */
export function parseBatchId(text: string): BatchId {
  if (!BATCH_ID.test(text)) throw unknownBatch(text);
  return text as BatchId;
}

export function unknownBatch(id: string): ServingError {
  return new ServingError({
    kind: 'notFound',
    detail: `there is no batch ${quoted(id)}, or its time is over`,
  });
}
