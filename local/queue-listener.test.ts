import type { DequeuedMessageItem, QueueServiceClient } from '@azure/storage-queue';
import { expect, jest, test } from '@jest/globals';
import type { App } from '../shared/compose.ts';
import { untold } from '../test/untold.ts';
import { parseHostJson } from './host-json.ts';
import { QueueListener } from './queue-listener.ts';
import { TriggerRunner } from './trigger-runner.ts';

/** A queue whose first answer comes when the test brings it; what becomes of its messages. */
function slowQueue() {
  let answer: (messages: readonly Partial<DequeuedMessageItem>[]) => void = () => undefined;
  const asked = new Promise<readonly Partial<DequeuedMessageItem>[]>((done) => (answer = done));
  const hidden: unknown[][] = [];
  let signal: AbortSignal | undefined;
  let looks = 0;
  const client = {
    receiveMessages: async (options: { abortSignal: AbortSignal }) => {
      looks++;
      signal = options.abortSignal;
      const aborted = new Promise<never>((_, fail) => {
        options.abortSignal.addEventListener('abort', () => {
          fail(new Error('aborted'));
        });
      });
      return { receivedMessageItems: await Promise.race([asked, aborted]) };
    },
    updateMessage: (...given: unknown[]) => Promise.resolve({ given: hidden.push(given) }),
  };
  const service = { getQueueClient: () => client } as unknown as QueueServiceClient;
  const handled: unknown[] = [];
  const listener = new QueueListener({
    definition: {
      kind: 'queue',
      name: 'on-q',
      queue: 'q',
      handler: (_app, message) => Promise.resolve(void handled.push(message)),
    },
    app: { telemetry: untold } as App,
    service,
    queues: parseHostJson({ version: '2.0' }).queues,
    lockMs: 600_000,
    runner: new TriggerRunner(
      () => undefined,
      () => undefined,
    ),
    log: () => undefined,
  });
  return { listener, answer, hidden, handled, signal: () => signal, looks: () => looks };
}

test('what a queue hands out while its host stops is there for the next one at once', async () => {
  const { listener, answer, hidden, handled } = slowQueue();
  listener.start();
  const stopped = listener.stop();
  answer([
    { messageId: 'm', popReceipt: 'r', messageText: 'e30=', dequeueCount: 1 },
    { messageId: 'n', popReceipt: 's', messageText: 'e30=', dequeueCount: 1 },
  ]);
  await stopped;
  expect([handled, hidden]).toEqual([
    [],
    [
      ['m', 'r', undefined, 0],
      ['n', 's', undefined, 0],
    ],
  ]);
});

test('a queue that does not answer holds no stop', async () => {
  const { listener, signal } = slowQueue();
  listener.start();
  await listener.stop();
  expect(signal()?.aborted).toBe(true);
});

test('an idle queue is looked at ever less, until something may have been sent', async () => {
  jest.useFakeTimers();
  try {
    const { listener, answer, looks } = slowQueue();
    answer([]);
    listener.start();
    await jest.advanceTimersByTimeAsync(1_000);
    const often = looks();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(looks() - often).toBe(20);
    const before = looks();
    listener.wake();
    // No time passes.
    await jest.advanceTimersByTimeAsync(0);
    expect(looks()).toBe(before + 1);
    await jest.advanceTimersByTimeAsync(50);
    expect(looks()).toBe(before + 2);
    const stopped = listener.stop();
    await jest.advanceTimersByTimeAsync(0);
    await stopped;
  } finally {
    jest.useRealTimers();
  }
});
