import type { Messages, RegistrationMessage } from '../../ports.ts';
import { messageText } from '../message-text.ts';

/** A queue in memory, for tests; `registrations` holds the messages nobody has taken yet. */
export interface MemoryMessages extends Messages {
  readonly registrations: RegistrationMessage[];
}

export function createMemoryMessages(): MemoryMessages {
  const registrations: RegistrationMessage[] = [];
  return {
    registrations,
    async sendRegistration(message) {
      const text = await Promise.resolve(messageText(message));
      const json = Buffer.from(text, 'base64').toString('utf8');
      registrations.push(JSON.parse(json) as RegistrationMessage);
    },
    countRegistrations: () => Promise.resolve(registrations.length),
  };
}
