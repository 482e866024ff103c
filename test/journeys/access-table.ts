import type { Role } from '../../functions/caller.ts';

/**
 * Who may call what, by hand from the contract: scorers predict, score files and read; publishers
 * also register; operators do all; health is anybody's.
 */
export const ACCESS: Readonly<Record<string, 'anonymous' | Role>> = {
  'GET v2/health/live': 'anonymous',
  'GET v2/health/ready': 'anonymous',

  'GET v2': 'Scorer',
  'GET v2/models/stats': 'Scorer',
  'GET v2/models/{model}': 'Scorer',
  'GET v2/models/{model}/ready': 'Scorer',
  'GET v2/models/{model}/config': 'Scorer',
  'GET v2/models/{model}/stats': 'Scorer',
  'GET v2/models/{model}/versions/{version}': 'Scorer',
  'GET v2/models/{model}/versions/{version}/ready': 'Scorer',
  'GET v2/models/{model}/versions/{version}/config': 'Scorer',
  'GET v2/models/{model}/versions/{version}/stats': 'Scorer',
  'POST v2/models/{model}/infer': 'Scorer',
  'POST v2/models/{model}/versions/{version}/infer': 'Scorer',
  'POST v2/repository/index': 'Scorer',
  'POST v2/repository/models/{model}/load': 'Scorer',
  'POST v2/repository/models/{model}/unload': 'Scorer',
  'POST uploads': 'Scorer',
  'POST batches': 'Scorer',
  'GET batches': 'Scorer',
  'GET batches/{id}': 'Scorer',
  'DELETE batches/{id}': 'Scorer',
  'GET batches/{id}/output': 'Scorer',
  'GET batches/{id}/errors': 'Scorer',
  'GET models': 'Scorer',
  'GET models/{model}': 'Scorer',
  'GET models/{model}/versions': 'Scorer',
  'GET models/{model}/versions/{version}': 'Scorer',
  'GET models/{model}/versions/{version}/model': 'Scorer',
  'GET models/{model}/versions/{version}/report': 'Scorer',
  'GET models/{model}/rollouts': 'Scorer',
  'GET models/{model}/rollouts/{id}': 'Scorer',
  'GET models/{model}/events': 'Scorer',
  'GET models/{model}/compare': 'Scorer',

  'POST models/{model}/versions': 'Publisher',

  'DELETE models/{model}': 'Operator',
  'DELETE models/{model}/versions/{version}': 'Operator',
  'PUT models/{model}/aliases/{alias}': 'Operator',
  'DELETE models/{model}/aliases/{alias}': 'Operator',
  'PUT models/{model}/routing': 'Operator',
  'POST models/{model}/rollouts': 'Operator',
  'POST models/{model}/rollouts/{id}/pause': 'Operator',
  'POST models/{model}/rollouts/{id}/resume': 'Operator',
  'POST models/{model}/rollouts/{id}/promote': 'Operator',
  'POST models/{model}/rollouts/{id}/abort': 'Operator',
  'POST models/{model}/rollback': 'Operator',
};

/** What must be answered: a refusal's status, or anything but one. */
export type Expected = 401 | 403 | 'let in';

/** `holder`: the role that the caller has; undefined: nobody has said who they are. */
export function expected(needed: 'anonymous' | Role, holder: Role | undefined): Expected {
  if (needed === 'anonymous') return 'let in';
  if (holder === undefined) return 401;
  const mayAlso: Record<Role, readonly Role[]> = {
    Scorer: ['Scorer'],
    Publisher: ['Scorer', 'Publisher'],
    Operator: ['Scorer', 'Publisher', 'Operator'],
  };
  return mayAlso[holder].includes(needed) ? 'let in' : 403;
}

export function outcome(status: number): Expected {
  return status === 401 || status === 403 ? status : 'let in';
}
