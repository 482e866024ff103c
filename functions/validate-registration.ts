import { dropText } from './drop-text.ts';
import type { QueueFunction } from './trigger.ts';
import { withReports } from './with-reports.ts';

/** Examines what was registered; what was dropped then goes on by its policy. */
export const validateRegistrationFunction: QueueFunction = {
  kind: 'queue',
  name: 'validate-registration',
  queue: 'registrations',
  async handler(app, message, context, operation) {
    const [{ validateVersion }, { settleDrops }, { parseRegistrationMessage }] = await Promise.all([
      import('../shared/usecases/validate-version.ts'),
      import('../shared/usecases/settle-drops.ts'),
      import('./registration-message.ts'),
    ]);
    const registration = parseRegistrationMessage(message);
    const { model, version, traceparent } = registration;
    operation.join(traceparent);
    operation.note({ model, version });
    await validateVersion(app, registration);
    // What can't be settled now, the sweep of drops settles: the version is decided.
    const { ended, failures } = await settleDrops(
      { ...withReports(app), traceparent: operation.traceparent() },
      { model },
    );
    for (const { path, status } of ended) context.log(dropText(path, status));
    if (failures.length > 0) context.warn(`${failures.length} drops could not be settled yet`);
  },
};
