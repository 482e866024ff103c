/**
 * What a caller of production notices when another version takes its place. `extended`: all that was
 * accepted is accepted and all that was answered is answered, and there is more. `breaking`: some
 * calls that worked fail, or miss something; `changes` say which.
 */
export interface Compatibility {
  readonly kind: 'same' | 'extended' | 'breaking';
  readonly changes: readonly string[];
}
