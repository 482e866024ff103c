import * as z from 'zod';
import { DATATYPES } from '../../protocol/tensor.ts';

const tensorSpec = z.strictObject({
  name: z.string(),
  datatype: z.enum(DATATYPES),
  shape: z
    .array(z.number())
    .optional()
    .transform((shape): readonly number[] | undefined => shape),
});

const counts = z.record(z.string(), z.number());
const factsSchema = z.strictObject({
  irVersion: z.number(),
  producer: z.string(),
  opsets: counts,
  operators: counts,
  nodes: z.number(),
  parameters: z.number(),
  parameterBytes: z.number(),
  quantized: z.enum(['no', 'weights', 'static', 'dynamic']),
});

const inspectionSchema = z.discriminatedUnion('ok', [
  z.strictObject({
    ok: z.literal(true),
    signature: z.strictObject({ inputs: z.array(tensorSpec), outputs: z.array(tensorSpec) }),
    facts: factsSchema,
    warnings: z.array(z.string()),
    loadMs: z.number(),
    runMs: z.number().exactOptional(),
    batching: z
      .strictObject({
        proven: z.boolean(),
        why: z.string(),
        curve: z.array(z.strictObject({ rows: z.number(), rowsPerSecond: z.number() })),
      })
      .exactOptional(),
  }),
  z.strictObject({
    ok: z.literal(false),
    reasons: z.array(z.string()).min(1),
    facts: factsSchema.exactOptional(),
  }),
]);

/**
 * What the examining process says. It ran native code on hostile bytes, so what it says is parsed
 * like anything else that comes from outside.
 */
export const messageSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('phase'),
    phase: z.enum(['starting', 'reading', 'loading', 'running']),
  }),
  z.strictObject({ kind: z.literal('facts'), facts: factsSchema }),
  z.strictObject({ kind: z.literal('done'), inspection: inspectionSchema }),
  z.strictObject({ kind: z.literal('failed'), detail: z.string() }),
]);
