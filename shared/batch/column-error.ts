import { ServingError } from '../errors.ts';

const LISTED = 20;

/** Columns don't fit the model, or the request the columns. */
export function columnError(detail: string): ServingError {
  return new ServingError({ kind: 'malformed', detail });
}

/** Names for a reason; the first of many. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, LISTED).map((name) => `\`${name.slice(0, 100)}\``);
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : '';
  return shown.length === 0 ? 'none' : `${shown.join(', ')}${more}`;
}
