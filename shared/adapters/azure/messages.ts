import type { QueueClient, QueueServiceClient } from '@azure/storage-queue';
import type { Config } from '../../config.ts';
import type { Messages } from '../../ports/messages.ts';
import { messageText } from '../message-text.ts';
import { queueService } from './clients.ts';
import { codeOf, storageFailure } from './storage-failure.ts';

const TIMEOUT_MS = 30_000;
/** Seconds; Azure's word for a message that never expires. */
const NEVER = -1;
/** Messages sent at once. */
const PARALLEL = 16;

/** Messages on Azure queues, made when they are first needed. */
export function createAzureMessages({ storage }: { storage: Config['storage'] }): Messages {
  let connected: Promise<QueueServiceClient> | undefined;
  const queueOf = async (name: string): Promise<QueueClient> => {
    connected ??= queueService(storage);
    connected.catch(() => (connected = undefined));
    return (await connected).getQueueClient(name);
  };

  const send = async (name: string, message: unknown): Promise<void> => {
    const text = messageText(message);
    const options = () => ({ messageTimeToLive: NEVER, ...timeLimit() });
    try {
      const queue = await queueOf(name);
      try {
        await queue.sendMessage(text, options());
      } catch (error) {
        if (codeOf(error) !== 'QueueNotFound') throw error;
        await queue.createIfNotExists();
        await queue.sendMessage(text, options());
      }
    } catch (error) {
      throw storageFailure(error, `sending to queue ${name}`);
    }
  };

  const count = async (name: string): Promise<number> => {
    try {
      const queue = await queueOf(name);
      return (await queue.getProperties(timeLimit())).approximateMessagesCount ?? 0;
    } catch (error) {
      if (codeOf(error) === 'QueueNotFound') return 0;
      throw storageFailure(error, `counting queue ${name}`);
    }
  };

  return {
    sendRegistration: (message) => send('registrations', message),
    countRegistrations: () => count('registrations'),
    async sendBatch(messages) {
      const waiting = messages.values();
      const sendOn = async (): Promise<void> => {
        for (const message of waiting) await send('batch-chunks', message);
      };
      await Promise.all(Array.from({ length: PARALLEL }, sendOn));
    },
    countBatch: () => count('batch-chunks'),
  };
}

function timeLimit(): { abortSignal: AbortSignal } {
  return { abortSignal: AbortSignal.timeout(TIMEOUT_MS) };
}
