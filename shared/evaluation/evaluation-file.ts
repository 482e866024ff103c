import { messageOf, ServingError } from '../errors.ts';
import type { ContentCheck } from '../ports/artifacts.ts';

/** A header longer than this is none. */
const MAX_HEADER_CHARACTERS = 1_000_000;

/**
 * Checks an evaluation file as it passes: UTF-8 throughout, and a line of column names first. What
 * the columns are, the evaluation finds out. `what` names the file; both methods throw ServingError
 * `malformed`.
 */
export function evaluationFileCheck(what: string): ContentCheck {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let header = '';
  let headerEnded = false;

  const decode = (chunk?: Uint8Array): string => {
    try {
      return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
    } catch (error) {
      throw malformed(`expected CSV in UTF-8: ${messageOf(error)}`);
    }
  };
  const read = (text: string): void => {
    if (headerEnded) return;
    const end = text.search(/[\r\n]/);
    headerEnded = end >= 0;
    header += headerEnded ? text.slice(0, end) : text;
    if (headerEnded && header.trim() === '') throw malformed('its first line is empty');
    if (header.length > MAX_HEADER_CHARACTERS) throw malformed('its first line never ends');
  };
  const malformed = (found: string): ServingError =>
    new ServingError({
      kind: 'malformed',
      detail: `${what}: ${found}; expected CSV whose first line names the columns`,
    });

  return {
    push: (chunk) => {
      read(decode(chunk));
    },
    end: () => {
      read(decode());
      if (header.trim() === '') throw malformed('it is empty');
    },
  };
}
