import { CommandFailure } from './failure.ts';

/**
 * A JSON object that a server answered. A newer server may say more and an older one less, so
 * members are read one by one, and what is absent or of another type is undefined.
 */
export type Document = Readonly<Record<string, unknown>>;

/** @throws CommandFailure when `value` is no object; `what` names it */
export function documentOf(value: unknown, what: string): Document {
  if (isDocument(value)) return value;
  throw new CommandFailure(
    `${what}: expected a JSON object; is it a Pilotlight server that answers at this URL?`,
  );
}

export function isDocument(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function textAt(document: Document, name: string): string | undefined {
  const value = document[name];
  return typeof value === 'string' ? value : undefined;
}

export function numberAt(document: Document, name: string): number | undefined {
  const value = document[name];
  return typeof value === 'number' ? value : undefined;
}

/** Empty when it is absent. */
export function documentAt(document: Document, name: string): Document {
  const value = document[name];
  return isDocument(value) ? value : {};
}

/** Empty when it is absent. */
export function documentsAt(document: Document, name: string): readonly Document[] {
  const value = document[name];
  return Array.isArray(value) ? value.filter(isDocument) : [];
}

/** A member without which nothing can go on. @throws CommandFailure */
export function required(document: Document, name: string, what: string): string {
  const value = textAt(document, name);
  if (value !== undefined) return value;
  throw new CommandFailure(`${what}: expected a text in \`${name}\`, there is none`);
}
