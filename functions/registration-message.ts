import * as z from 'zod';
import { parseModelName, type Version } from '../shared/ids.ts';
import type { RegistrationMessage } from '../shared/ports/messages.ts';
import { followable } from '../shared/telemetry/trace-context.ts';
import { parseAs } from './body.ts';

const count = z.number().int().positive();
const schema = z.object({
  model: z.string(),
  incarnation: count,
  version: count,
  revived: count.optional(),
  /** One that can't be followed is as good as none. */
  traceparent: z.unknown().transform(followable).optional(),
});

/** Checks a message of queue `registrations`. @throws ServingError `malformed`: nothing will mend it */
export function parseRegistrationMessage(message: unknown): RegistrationMessage {
  const { model, incarnation, version, revived, traceparent } = parseAs(
    schema,
    message,
    'registration message',
  );
  return {
    model: parseModelName(model),
    incarnation,
    version: version as Version,
    ...(revived !== undefined && { revived }),
    ...(traceparent !== undefined && { traceparent }),
  };
}
