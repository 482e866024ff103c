import { validateVersion } from '../shared/usecases/validate-version.ts';
import { parseRegistrationMessage } from './registration-message.ts';
import type { QueueFunction } from './trigger.ts';

/** Examines what was registered. */
export const validateRegistrationFunction: QueueFunction = {
  kind: 'queue',
  name: 'validate-registration',
  queue: 'registrations',
  async handler(app, message) {
    await validateVersion(app, parseRegistrationMessage(message));
  },
};
