import { QueueServiceClient } from '@azure/storage-queue';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAzureMessages } from '../../shared/adapters/azure/messages.ts';
import { createMemoryMessages } from '../../shared/adapters/memory/messages.ts';
import type { BatchId } from '../../shared/batch/job.ts';
import type { ModelName, Version } from '../../shared/ids.ts';
import type { Messages } from '../../shared/ports/messages.ts';
import { connectionString, startAzurite } from './azurite.ts';
import { startFaultProxy } from './fault-proxy.ts';

type Queue = 'registrations' | 'batch-chunks';

interface MessagesHarness {
  readonly messages: Messages;
  /** Takes every message off a queue, at most 32 of them, in order. */
  take(queue: Queue): Promise<{ message: unknown; expires: boolean }[]>;
  close(): Promise<void>;
}

messagesContract('memory', () => {
  const messages = createMemoryMessages();
  const take = (queue: Queue) =>
    (queue === 'registrations' ? messages.registrations : messages.batch)
      .splice(0)
      .map((message) => ({ message, expires: false }));
  return Promise.resolve({
    messages,
    take: (queue) => Promise.resolve(take(queue)),
    close: () => Promise.resolve(),
  });
});

messagesContract('Azurite', async () => {
  const azurite = await startAzurite();
  const { connectionString } = azurite;
  const service = QueueServiceClient.fromConnectionString(connectionString);
  return {
    messages: createAzureMessages({ storage: { kind: 'connectionString', connectionString } }),
    async take(name) {
      const queue = service.getQueueClient(name);
      const { receivedMessageItems } = await queue.receiveMessages({ numberOfMessages: 32 });
      return receivedMessageItems.map(({ messageText, expiresOn }) => ({
        message: JSON.parse(Buffer.from(messageText, 'base64').toString('utf8')) as unknown,
        expires: expiresOn.getUTCFullYear() < 9999,
      }));
    },
    close: () => azurite.stop(),
  };
});

function messagesContract(name: string, make: () => Promise<MessagesHarness>): void {
  describe(`messages: ${name}`, () => {
    let harness: MessagesHarness;
    beforeAll(async () => {
      harness = await make();
    });
    afterAll(async () => {
      await harness.close();
    });

    test('messages are counted, come out as they went in and never expire', async () => {
      expect(await harness.messages.countRegistrations()).toBe(0);
      const message = { model: 'digits' as ModelName, incarnation: 2, version: 7 as Version };
      await harness.messages.sendRegistration(message);
      await harness.messages.sendRegistration({ ...message, revived: 1 });
      expect(await harness.messages.countRegistrations()).toBe(2);
      expect(await harness.take('registrations')).toEqual([
        { message, expires: false },
        { message: { ...message, revived: 1 }, expires: false },
      ]);
    });

    test('many messages of batch jobs are sent side by side, each once', async () => {
      const id = '0'.repeat(26) as BatchId;
      expect(await harness.messages.countBatch()).toBe(0);
      await harness.messages.sendBatch([]);
      const all = Array.from({ length: 31 }, (_, chunk) => ({ kind: 'chunk' as const, id, chunk }));
      await harness.messages.sendBatch(all);
      await harness.messages.sendBatch([{ kind: 'finish', id, revived: 1 }]);
      expect(await harness.messages.countBatch()).toBe(32);
      const taken = await harness.take('batch-chunks');
      expect(taken.every(({ expires }) => !expires)).toBe(true);
      const texts = taken.map(({ message }) => JSON.stringify(message)).sort();
      const sent = [...all, { kind: 'finish', id, revived: 1 }];
      expect(texts).toEqual(sent.map((message) => JSON.stringify(message)).sort());
    });

    test('a message that Azure would refuse is refused here', async () => {
      const rest = { incarnation: 1, version: 1 as Version };
      const overhead = JSON.stringify({ model: '', ...rest }).length;
      const most = { model: 'm'.repeat(48 * 1024 - overhead) as ModelName, ...rest };
      await harness.messages.sendRegistration(most);
      const more = harness.messages.sendRegistration({
        ...most,
        model: `${most.model}m` as ModelName,
      });
      await expect(more).rejects.toMatchObject({ failure: { kind: 'tooLarge' } });
    });
  });
}

test('a queue service that answers only errors is unavailable', async () => {
  const proxy = await startFaultProxy(1);
  proxy.before = () => ({ status: 403 });
  const messages = createAzureMessages({
    storage: { kind: 'connectionString', connectionString: connectionString(1, proxy.port) },
  });
  const message = { model: 'm' as ModelName, incarnation: 1, version: 1 as Version };
  const unavailable = { failure: { kind: 'unavailable' } };
  await expect(messages.sendRegistration(message)).rejects.toMatchObject(unavailable);
  await expect(messages.countRegistrations()).rejects.toMatchObject(unavailable);
  const plan = { kind: 'plan' as const, id: '0'.repeat(26) as BatchId };
  await expect(messages.sendBatch([plan, plan])).rejects.toMatchObject(unavailable);
  await expect(messages.countBatch()).rejects.toMatchObject(unavailable);
  await proxy.stop();
});
