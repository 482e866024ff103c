import { ServingError } from '../../errors.ts';
import type { Outcome } from './thread-protocol.ts';

/** Tells each caller what became of its request. */
export function settle<Answer>(
  requests: readonly { resolve(answer: Answer): void; reject(error: Error): void }[],
  outcomes: readonly (Outcome<Answer> | undefined)[],
): void {
  for (let index = 0; index < requests.length; index++) {
    const request = requests[index];
    const outcome = outcomes[index];
    if (!request) continue;
    if (outcome?.kind === 'answered') request.resolve(outcome.answer);
    else if (outcome?.kind === 'failed') request.reject(new ServingError(outcome.failure));
    else if (outcome) {
      request.reject(Object.assign(new Error(outcome.message), { stack: outcome.stack }));
    } else request.reject(new Error('the model thread left a request unanswered'));
  }
}
