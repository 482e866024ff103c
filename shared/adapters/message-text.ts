import { ServingError } from '../errors.ts';

/** Azure's limit for a message is 64 KiB of base64, which is 48 KiB of what it encodes. */
const MAX_BYTES = 48 * 1024;

/** A message as the queue holds it: JSON in base64. @throws ServingError `tooLarge` */
export function messageText(message: unknown): string {
  const json = Buffer.from(JSON.stringify(message), 'utf8');
  if (json.byteLength > MAX_BYTES) {
    throw new ServingError({
      kind: 'tooLarge',
      detail: `queue message: expected at most ${MAX_BYTES} bytes, got ${json.byteLength}; a message holds references only`,
    });
  }
  return json.toString('base64');
}
