import * as z from 'zod';
import { parseBatchId } from '../shared/batch/batch-id.ts';
import type { BatchMessage } from '../shared/ports/messages.ts';
import { followable } from '../shared/telemetry/trace-context.ts';
import { parseAs } from './body.ts';

const count = z.int().min(0);
/** One that can't be followed is as good as none. */
const traceparent = z.unknown().transform(followable).optional();
const common = { id: z.string(), revived: count.optional(), traceparent };
const schema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('plan'), ...common }),
  z.object({ kind: z.literal('fan'), group: count, ...common }),
  z.object({ kind: z.literal('chunk'), chunk: count, ...common }),
  z.object({ kind: z.literal('finish'), ...common }),
]);

/** Checks a message of queue `batch-chunks`. @throws ServingError `malformed`: nothing will mend it */
export function parseBatchMessage(message: unknown): BatchMessage {
  const { id, revived, traceparent, ...rest } = parseAs(schema, message, 'batch message');
  return {
    ...rest,
    id: parseBatchId(id),
    ...(revived !== undefined && { revived }),
    ...(traceparent !== undefined && { traceparent }),
  };
}
