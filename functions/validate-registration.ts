import type { QueueFunction } from './trigger.ts';

/** Examines what was registered. */
export const validateRegistrationFunction: QueueFunction = {
  kind: 'queue',
  name: 'validate-registration',
  queue: 'registrations',
  async handler(app, message) {
    const [{ validateVersion }, { parseRegistrationMessage }] = await Promise.all([
      import('../shared/usecases/validate-version.ts'),
      import('./registration-message.ts'),
    ]);
    await validateVersion(app, parseRegistrationMessage(message));
  },
};
