import * as z from 'zod';
import { versionInBody } from './version-in-body.ts';

// The JSON that callers send, apart from registrations. A module of its own, which handlers import
// when they are first called: zod takes longer to load than a small model to answer.

const share = z
  .strictObject({ version: versionInBody, percent: z.number() })
  .nullish()
  .transform((value) => value ?? undefined);
/** A member that nobody knows is a mistake which would route otherwise than was meant. */
export const routingBody = z.strictObject({
  production: versionInBody,
  candidate: share,
  shadow: share,
});

export const aliasBody = z.strictObject({ version: versionInBody });

/** Of `POST /v2/repository/index`. */
export const indexBody = z.looseObject({ ready: z.boolean().nullish() });

/** Of `POST /uploads`; a name is the last part of the blob's. */
export const uploadBody = z.strictObject({
  name: z
    .string()
    .regex(
      /^(?!\.+$)[A-Za-z0-9._-]{1,200}$/,
      'expected 1 to 200 letters, digits, ".", "_" and "-", as in "churn.csv"',
    ),
  bytes: z.int('expected a whole number of bytes').positive('expected at least one byte'),
});

/** Where lists go on: what their continuation tokens hold. */
export const modelsPosition = z.strictObject({ modelsAfter: z.string().max(128) });
export const versionsPosition = z.strictObject({ versionsBelow: z.int().positive() });
export const eventsPosition = z.strictObject({ eventsAfter: z.int().positive() });
export const batchesPosition = z.strictObject({ batchesBefore: z.string().max(64) });
