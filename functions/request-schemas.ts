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
  allowBreaking: z.boolean().default(false),
});

const count = z.number().optional();
/** Of `POST /models/{model}/rollouts`; which numbers are right, the plan's own rules say. */
export const rolloutBody = z.strictObject({
  version: versionInBody,
  steps: z.array(z.number()).max(1_000).optional(),
  minRequests: count,
  minSeconds: count,
  shadow: z.strictObject({ percent: z.number(), minRequests: count }).optional(),
  allowBreaking: z.boolean().optional(),
});

/** Of a rollback, and of what is done with a rollout; without a body too. */
export const whyBody = z.strictObject({ why: z.string().min(1).max(500).optional() });

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
export const rolloutsPosition = z.strictObject({
  rolloutsBefore: z.strictObject({ createdAt: z.string().max(64), id: z.string().max(64) }),
});
export const batchesPosition = z.strictObject({ batchesBefore: z.string().max(64) });
