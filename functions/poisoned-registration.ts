import { dealWithPoisoned } from './poisoned.ts';
import type { QueueFunction } from './trigger.ts';

/**
 * Takes registrations whose validation never came to an end, whatever the queue tried: they get one
 * more life, in case it was the machine's fault, and are rejected after that.
 */
export const poisonedRegistrationFunction: QueueFunction = {
  kind: 'queue',
  name: 'poisoned-registration',
  queue: 'registrations-poison',
  async handler(app, message, context, operation) {
    const [{ giveUpValidation }, { parseRegistrationMessage }] = await Promise.all([
      import('../shared/usecases/validate-version.ts'),
      import('./registration-message.ts'),
    ]);
    await dealWithPoisoned(app, 'registrations', async () => {
      const registration = parseRegistrationMessage(message);
      const { model, version, revived = 0, traceparent } = registration;
      operation.join(traceparent);
      operation.note({ model, version });
      if (revived === 0) {
        context.warn(`validation of ${model} version ${version} failed too often; one more life`);
        await app.messages.sendRegistration({ ...registration, revived: 1 });
      } else {
        context.error(`validation of ${model} version ${version} failed again and again: rejected`);
        await giveUpValidation(app, registration);
      }
    });
  },
};
