import * as z from 'zod';
import { PROBES } from '../../evaluation/robustness.ts';
import { DATATYPES } from '../../protocol/tensor.ts';
import { qualitySchema } from './quality-message.ts';

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

const percentiles = { p50: z.number(), p95: z.number(), p99: z.number() };
const costSchema = z.strictObject({
  bytes: z.number(),
  loadMs: z.number(),
  memoryBytes: z.number(),
  alone: z.strictObject(percentiles).exactOptional(),
  batched: z.strictObject({ ...percentiles, rows: z.number() }).exactOptional(),
});

const lines = z.array(z.number()).max(1_000);
const text = z.string().max(10_000);
const measuredPart = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('cost'), cost: costSchema }),
  z.strictObject({
    kind: z.literal('evaluated'),
    evaluated: z.strictObject({
      inFile: z.number(),
      asked: z.number(),
      unlabelled: z.number(),
      failed: z.number(),
      problems: z.array(z.strictObject({ line: z.number(), why: text })).max(1_000),
    }),
  }),
  z.strictObject({ kind: z.literal('quality'), quality: qualitySchema }),
  z.strictObject({ kind: z.literal('qualityProblem'), why: text }),
  z.strictObject({
    kind: z.literal('rows'),
    rows: z.strictObject({
      rows: z.number(),
      flipped: z.number(),
      noise: z.number(),
      asked: z.number(),
      nan: z.number(),
      flippedLines: lines,
      nanLines: lines,
    }),
  }),
  z.strictObject({
    kind: z.literal('probe'),
    probe: z.strictObject({
      probe: z.enum(PROBES),
      outcome: z.enum(['answered', 'refused', 'crashed', 'notTried']),
      why: text.exactOptional(),
    }),
  }),
  z.strictObject({ kind: z.literal('warning'), text }),
]);

/**
 * What the examining process says. It ran native code on hostile bytes, so what it says is parsed
 * like anything else that comes from outside.
 */
export const messageSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('phase'),
    phase: z.enum(['starting', 'reading', 'loading', 'running', 'measuring']),
  }),
  z.strictObject({ kind: z.literal('facts'), facts: factsSchema }),
  z.strictObject({
    kind: z.literal('examined'),
    inspection: inspectionSchema,
    cost: costSchema.exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('measuring'),
    what: z.enum(['cost', 'production', 'quality', ...PROBES]),
  }),
  z.strictObject({ kind: z.literal('measured'), part: measuredPart }),
  z.strictObject({ kind: z.literal('done') }),
  z.strictObject({ kind: z.literal('failed'), detail: z.string() }),
]);
