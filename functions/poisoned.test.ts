import { expect, test } from '@jest/globals';
import { ServingError } from '../shared/errors.ts';
import { telling } from '../test/telling.ts';
import { dealWithPoisoned } from './poisoned.ts';

test.each([
  ['is dealt with', undefined, 1],
  ['can never be', new ServingError({ kind: 'malformed', detail: 'no message' }), 1],
  ['is to be tried again', new ServingError({ kind: 'stale', detail: 'another was first' }), 0],
  ['meets a bug', new TypeError('of ours'), 0],
])('a message that %s is counted once it is done with', async (_what, error, counted) => {
  const { telemetry, sink } = telling();
  const app = { telemetry };
  const dealing = dealWithPoisoned(app, 'registrations', () =>
    error ? Promise.reject(error) : Promise.resolve(),
  );
  await (error ? expect(dealing).rejects.toBe(error) : dealing);
  await telemetry.flush();
  expect(sink.sum('pilotlight.poison', { queue: 'registrations' })).toBe(counted);
});
