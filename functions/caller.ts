/** A ladder: each may do what those before it may, and more. */
export const ROLES = ['Scorer', 'Publisher', 'Operator'] as const;
export type Role = (typeof ROLES)[number];

/** Who asks. */
export interface Caller {
  /** As the history of models names them; printable, and never a key. */
  readonly name: string;
}

/** Nobody said who they are. */
export const ANONYMOUS: Caller = { name: 'anonymous' };

export function mayCall(given: readonly Role[], needed: Role): boolean {
  return given.some((role) => ROLES.indexOf(role) >= ROLES.indexOf(needed));
}
