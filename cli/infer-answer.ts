import type { Document } from './document.ts';
import { documentOf } from './document.ts';

const STRING_OR_TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?Infinity|NaN/g;
const STRING_OR_LONG = /"[^"\\]*(?:\\.[^"\\]*)*"|(?<![\w.+-])-?\d{16,}(?![\d.eE])/g;

/** NaN and the infinities, which servers of this protocol send bare, as strings: JSON then. */
export function withoutTokens(text: string): string {
  return quoting(text, STRING_OR_TOKEN);
}

/** An inference answer; not finite numbers, and integers that a double can't hold, are strings. */
export function parseAnswer(text: string): Document {
  const parsed: unknown = JSON.parse(quoting(withoutTokens(text), STRING_OR_LONG));
  return documentOf(parsed, 'the answer');
}

function quoting(text: string, pattern: RegExp): string {
  return text.replace(pattern, (found) => (found.startsWith('"') ? found : `"${found}"`));
}
