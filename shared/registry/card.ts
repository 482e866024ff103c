import * as z from 'zod';

const column = z.string().min(1).max(256);

/** A threshold of a gate, by name; which gates there are, the evaluation knows. */
const gates = z.record(
  z.string().max(128),
  z.union([z.number(), z.boolean(), z.string().max(256)]),
);

/** How a rollout goes that the policy starts; its rules are the plan's (`rollout-plan.ts`). */
const percent = z.number().positive().max(100);
const requests = z.int().min(0).max(1_000_000_000);
const rollout = z.strictObject({
  steps: z
    .array(percent)
    .min(1)
    .max(20)
    .refine((steps) => steps.every((step, i) => i === 0 || step > (steps[i - 1] ?? 0)), {
      error: 'expected percentages in ascending order, such as [1, 5, 25, 50, 100]',
    })
    .optional(),
  minRequests: requests.optional(),
  minSeconds: z
    .number()
    .min(0)
    .max(30 * 86_400)
    .optional(),
  shadow: z.strictObject({ percent, minRequests: requests.optional() }).optional(),
});

/**
 * What the bytes of a model can't say. Every member is optional; unknown ones are kept as they
 * came. The contract is "The card" in the HTTP interface.
 */
export const cardSchema = z.looseObject({
  description: z.string().max(4096).optional(),
  owner: z.string().max(256).optional(),
  licence: z.string().max(256).optional(),
  task: z.enum(['classification', 'regression']).optional(),
  labels: z.array(z.string().max(256)).max(100_000).optional(),
  positive: z.union([z.string().max(256), z.number()]).optional(),
  label: column.optional(),
  slices: z.array(column).max(64).optional(),
  inputs: z.record(z.string(), z.union([column, z.array(column).max(100_000)])).optional(),
  missing: z
    .union([
      z.enum(['error', 'nan']),
      z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    ])
    .optional(),
  batching: z.enum(['auto', 'never', 'always']).optional(),
  lineage: z
    .looseObject({
      git: z.string().max(1024).optional(),
      data: z.string().max(4096).optional(),
      training: z.string().max(4096).optional(),
    })
    .optional(),
  gates: gates.optional(),
  budgets: z
    .strictObject({
      p95Ms: z.number().positive().optional(),
      loadMs: z.number().positive().optional(),
      bytes: z.number().positive().optional(),
    })
    .optional(),
  policy: z.enum(['manual', 'shadow', 'canary', 'immediate']).optional(),
  rollout: rollout.optional(),
  preload: z.boolean().optional(),
});
export type Card = z.infer<typeof cardSchema>;

/** What a new version's card takes over from production's where it is silent. */
const INHERITED = [
  'task',
  'labels',
  'positive',
  'label',
  'slices',
  'inputs',
  'missing',
  'batching',
  'gates',
  'budgets',
  'policy',
  'rollout',
  'preload',
] as const satisfies readonly (keyof Card)[];

/** The card as it counts: `card`, then production's for what it leaves out, then the defaults. */
export function inheritCard(card: Card, production: Card | undefined): Card {
  const inherited: Card = {};
  for (const member of INHERITED) {
    if (card[member] === undefined && production?.[member] !== undefined) {
      Object.assign(inherited, { [member]: production[member] });
    }
  }
  return { policy: 'manual', ...inherited, ...card };
}
