import type { Piece } from './kusto.ts';

export function part(piece: Piece, name: string): Piece {
  const found = piece.parts[name];
  if (!found) throw new Error(`${piece.kind} has no ${name}: ${piece.text}`);
  return found;
}

export function listed(piece: Piece, name: string): readonly Piece[] {
  return piece.parts[name]?.members ?? [];
}

/** A name as it stands, without the brackets and quotes around odd ones. */
export function nameIn(piece: Piece): string {
  return piece.text
    .replace(/^\/\/.*$/gm, '')
    .trim()
    .replace(/^\[['"](.*)['"]\]$/, '$1');
}

/** A function or operator that a query uses and this engine does not know is an error of the test. */
export function unknownTo(piece: Piece): Error {
  return new Error(`the engine for tests knows no ${piece.kind}: ${piece.text}`);
}
