import type { QueueClient } from '@azure/storage-queue';
import type { Config } from '../../config.ts';
import type { Messages } from '../../ports.ts';
import { messageText } from '../message-text.ts';
import { queueService } from './clients.ts';
import { codeOf, storageFailure } from './storage-failure.ts';

const TIMEOUT_MS = 30_000;
/** Seconds; Azure's word for a message that never expires. */
const NEVER = -1;

/** Messages on Azure queues, made when they are first needed. */
export function createAzureMessages({ storage }: { storage: Config['storage'] }): Messages {
  let connected: Promise<QueueClient> | undefined;
  const registrations = (): Promise<QueueClient> => {
    connected ??= queueService(storage).then((service) => service.getQueueClient('registrations'));
    connected.catch(() => (connected = undefined));
    return connected;
  };

  return {
    async sendRegistration(message) {
      const text = messageText(message);
      const options = { messageTimeToLive: NEVER, ...timeLimit() };
      try {
        const queue = await registrations();
        try {
          await queue.sendMessage(text, options);
        } catch (error) {
          if (codeOf(error) !== 'QueueNotFound') throw error;
          await queue.createIfNotExists();
          await queue.sendMessage(text, options);
        }
      } catch (error) {
        throw storageFailure(error, 'sending to queue registrations');
      }
    },

    async countRegistrations() {
      try {
        const queue = await registrations();
        return (await queue.getProperties(timeLimit())).approximateMessagesCount ?? 0;
      } catch (error) {
        if (codeOf(error) === 'QueueNotFound') return 0;
        throw storageFailure(error, 'counting queue registrations');
      }
    },
  };
}

function timeLimit(): { abortSignal: AbortSignal } {
  return { abortSignal: AbortSignal.timeout(TIMEOUT_MS) };
}
