import { JsonCursor } from './json-cursor.ts';
import { readParameters, requestParameters } from './parameters.ts';

/** Only JSON up to this length is looked through before it is queued. */
const MAX_PEEKED_BYTES = 1_000_000;

/**
 * What a request asks of the queue, read without its tensors, so that a deadline counts while it
 * waits. Undefined members: not said, or only known once a worker decodes the body, which honours
 * them then. Never throws: what is wrong with the body, the decoder says.
 */
export function peekScheduling(
  body: Uint8Array,
  headerLength: number | undefined,
): { timeoutMs?: number; priority?: number } {
  const json = headerLength === undefined ? body : body.subarray(0, headerLength);
  if (json.byteLength === 0 || json.byteLength > MAX_PEEKED_BYTES) return {};
  const text = Buffer.from(json.buffer, json.byteOffset, json.byteLength);
  if (!text.includes('"parameters"')) return {};
  if (!text.includes('"timeout"') && !text.includes('"priority"')) return {};
  try {
    const cursor = new JsonCursor(json);
    let found: { timeoutMs?: number; priority?: number } = {};
    for (let more = cursor.enterObject(); more; more = cursor.nextMember()) {
      if (cursor.key() !== 'parameters') {
        cursor.skip();
        continue;
      }
      const { timeoutMicroseconds, priority } = requestParameters(readParameters(cursor, ''));
      found = {
        priority,
        ...(timeoutMicroseconds !== undefined && { timeoutMs: timeoutMicroseconds / 1000 }),
      };
    }
    return found;
  } catch {
    return {};
  }
}
