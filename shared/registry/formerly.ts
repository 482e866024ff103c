import type { Version } from '../ids.ts';
import type { ModelRecord } from './model-record.ts';

/** So far back a rollback goes at most. */
export const MAX_FORMERLY = 100;

/** What a change of production adds to the productions before it; nothing where it stays. */
export function withFormer(
  { routing, formerly = [] }: ModelRecord,
  production: Version,
): Pick<ModelRecord, 'formerly'> {
  return routing.production === undefined || routing.production === production
    ? {}
    : { formerly: [...formerly, routing.production].slice(-MAX_FORMERLY) };
}
