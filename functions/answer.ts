import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { Answer } from './trigger.ts';

/** A JSON answer. @throws TypeError when `value` has no JSON form (a BigInt, undefined, a circle) */
export function json(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const body = JSON.stringify(value) as string | undefined;
  if (body === undefined) throw new TypeError(`JSON answer: expected a value, got ${typeof value}`);
  return { status, headers: { 'content-type': 'application/json', ...headers }, body };
}

/** Header names that were found to be valid: they are the code's own, and few. */
const validNames = new Set<string>();

const BODILESS = new Set([204, 205, 304]);

/**
 * Passes an answer on only if a host can send it: on the Functions host an impossible one leaves
 * its caller hanging for minutes. @throws TypeError that says what can't be sent
 */
export function sendable(answer: Answer): Answer {
  const given: unknown = answer;
  if (typeof given !== 'object' || given === null) {
    throw new TypeError(`answer: expected {status, headers?, body?}, got ${typeName(given)}`);
  }
  const { status, headers, body } = answer;
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new TypeError(`answer: expected a status from 200 to 599, got ${status}`);
  }
  for (const name in headers) {
    if (!validNames.has(name)) {
      validateHeaderName(name);
      validNames.add(name);
    }
    validateHeaderValue(name, headers[name] as string);
  }
  if (body === undefined) return answer;
  if (BODILESS.has(status)) throw new TypeError(`answer: status ${status} can't have a body`);
  if (body instanceof ReadableStream) {
    if (body.locked) throw new TypeError('answer: the body stream is already being read');
  } else if (typeof body !== 'string' && !(body instanceof Uint8Array)) {
    throw new TypeError(
      `answer: expected a body of text, bytes or a stream, got ${typeName(body)}`,
    );
  }
  return answer;
}

function typeName(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}
