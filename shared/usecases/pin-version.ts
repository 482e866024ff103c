import type { BatchRequest } from '../batch/job.ts';
import { bestBatch } from '../inference/batching.ts';
import type { ServableModel } from '../ports/engine.ts';
import type { Card } from '../registry/card.ts';
import { resolveVersion } from '../registry/routing.ts';
import type { BatchDeps } from './batch-deps.ts';

/** The version that a job is scored by, whatever the routing does later. */
export interface PinnedVersion {
  readonly incarnation: number;
  readonly servable: ServableModel;
  readonly card: Card;
  /** Rows that one thread gets through in a second, as the examination measured it. */
  readonly rowsPerSecond: number;
}

/** Nothing was measured. */
const UNMEASURED_ROWS_PER_SECOND = 1_000;

/** The version that is named, else production: a rollout's share is for requests. @throws ServingError `notFound`, `notReady`, `rejected` */
export async function pinVersion(
  { models, registry }: Pick<BatchDeps, 'models' | 'registry'>,
  { model, wanted }: BatchRequest,
): Promise<PinnedVersion> {
  // What was true seconds ago is not enough for hours of work.
  const record = await models.record(model, 0);
  const { version } = resolveVersion(record, wanted ?? record.routing.production, 0);
  const { incarnation } = record;
  const verdict = await registry.readVerdict({ model, incarnation, version });
  const servable = await models.servable(record, version);
  if (verdict?.outcome.kind !== 'ready') {
    throw new Error(`version ${version} of model ${model} is ready without a verdict that says so`);
  }
  const { batching, runMs } = verdict.outcome;
  return {
    incarnation,
    servable,
    card: verdict.card,
    rowsPerSecond: speedOf(servable.batchRows > 1 ? batching?.curve : undefined, runMs),
  };
}

function speedOf(
  curve: readonly { rows: number; rowsPerSecond: number }[] = [],
  runMs: number | undefined,
): number {
  const best = bestBatch(curve);
  const measured = curve.find(({ rows }) => rows === best)?.rowsPerSecond;
  if (measured !== undefined) return measured;
  return runMs ? 1000 / runMs : UNMEASURED_ROWS_PER_SECOND;
}
