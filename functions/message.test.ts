import { describe, expect, test } from '@jest/globals';
import { type Failure, ServingError } from '../shared/errors.ts';
import { runMessage } from './message.ts';
import type { QueueFunction } from './trigger.ts';

const definition: QueueFunction = {
  kind: 'queue',
  name: 'validate',
  queue: 'registrations',
  handler: () => Promise.resolve(),
};

async function outcome(run: () => Promise<void>) {
  const lines: string[] = [];
  const write = (level: string) => (line: string) => void lines.push(`${level} ${line}`);
  const context = {
    invocationId: 'i',
    functionName: 'validate',
    log: write('log'),
    warn: write('warn'),
    error: write('error'),
  };
  const next = await runMessage(definition, context, run).then(
    () => 'done',
    (thrown: unknown) => thrown,
  );
  return { next, lines };
}

test('what succeeds is done, without a word', async () => {
  expect(await outcome(() => Promise.resolve())).toEqual({ next: 'done', lines: [] });
});

const failure = (kind: Failure['kind']) =>
  new ServingError(
    { kind, detail: 'because', retryAfterSeconds: 1 },
    {
      cause: new Error('deep'),
    },
  );

describe('a failure that would come again ends the message, and stands in the log', () => {
  const kinds: Failure['kind'][] = [
    'malformed',
    'notFound',
    'conflict',
    'lengthRequired',
    'tooLarge',
    'unsupportedMedia',
    'rejected',
  ];
  test.each(kinds)('%s', async (kind) => {
    const { next, lines } = await outcome(() => Promise.reject(failure(kind)));
    expect(next).toBe('done');
    expect(lines).toEqual([expect.stringMatching(/^error validate: .*because; cause: [^]*deep/)]);
  });
});

describe('a failure that may pass is thrown to the host as it came', () => {
  const kinds: Failure['kind'][] = [
    'stale',
    'overloaded',
    'notReady',
    'unavailable',
    'deadlinePassed',
    'damaged',
  ];
  test.each(kinds)('%s', async (kind) => {
    const error = failure(kind);
    const { next, lines } = await outcome(() => Promise.reject(error));
    expect(next).toBe(error);
    expect(lines).toEqual([expect.stringMatching(/^warn validate: .*because; cause: [^]*deep/)]);
  });
});

test.each<unknown>([new TypeError('bug'), 'bug'])(
  'a bug is retried and logged with its stack',
  async (bug) => {
    const { next, lines } = await outcome(() => {
      throw bug as Error; // anything may be thrown, and one case here is a string
    });
    expect(next).toBe(bug);
    expect(lines).toEqual([expect.stringMatching(/^error validate: .*bug/)]);
  },
);
