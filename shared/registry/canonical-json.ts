import { ServingError } from '../errors.ts';

/** Deep enough for any card, and far from where recursion ends. */
const MAX_DEPTH = 100;

/**
 * JSON text that is equal for equal values: members sorted by name, no spaces. `what` names the
 * value in messages. @throws ServingError `malformed` when it is nested too deeply
 */
export function canonicalJson(value: unknown, what: string): string {
  return write(value, what, MAX_DEPTH);
}

function write(value: unknown, what: string, depth: number): string {
  if (depth < 0) {
    throw new ServingError({
      kind: 'malformed',
      detail: `${what}: expected JSON nested at most ${MAX_DEPTH} deep, got more`,
    });
  }
  if (Array.isArray(value)) {
    return `[${value.map((element) => write(element, what, depth - 1)).join(',')}]`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${write(member, what, depth - 1)}`);
  return `{${members.join(',')}}`;
}
