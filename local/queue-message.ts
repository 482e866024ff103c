import type { QueueSettings } from './host-json.ts';

/**
 * A message's text as its queue holds it, decoded; undefined when it is not what `encoding` says.
 */
export function decodeMessage(
  text: string,
  encoding: QueueSettings['messageEncoding'],
): string | undefined {
  if (encoding === 'none') return text;
  const bytes = Buffer.from(text, 'base64');
  // Node skips what is no base64; the queue's reader must not.
  if (bytes.toString('base64').replace(/=+$/, '') !== text.trim().replace(/=+$/, '')) {
    return undefined;
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** What a handler gets for a text: what looks like JSON is parsed (`123` is a number). */
export function parseMessage(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
