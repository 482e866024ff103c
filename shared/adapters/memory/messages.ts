import type { BatchMessage, Messages, RegistrationMessage } from '../../ports/messages.ts';
import { messageText } from '../message-text.ts';

/** Queues in memory, for tests: the messages nobody has taken yet. */
export interface MemoryMessages extends Messages {
  readonly registrations: RegistrationMessage[];
  readonly batch: BatchMessage[];
}

export function createMemoryMessages(): MemoryMessages {
  const registrations: RegistrationMessage[] = [];
  const batch: BatchMessage[] = [];
  return {
    registrations,
    batch,
    async sendRegistration(message) {
      registrations.push((await sent(message)) as RegistrationMessage);
    },
    countRegistrations: () => Promise.resolve(registrations.length),
    async sendBatch(messages) {
      for (const message of messages) batch.push((await sent(message)) as BatchMessage);
    },
    countBatch: () => Promise.resolve(batch.length),
  };
}

/** A message as it comes out again. @throws ServingError `tooLarge` */
async function sent(message: unknown): Promise<unknown> {
  const text = await Promise.resolve(messageText(message));
  return JSON.parse(Buffer.from(text, 'base64').toString('utf8')) as unknown;
}
