import type { ModelName, Version } from '../ids.ts';
import type { ModelRecord } from '../registry/model-record.ts';
import { isActive } from './rollout.ts';

/** Two versions of a model that are live beside each other, and what is counted of them. */
export interface LiveTest {
  readonly model: ModelName;
  /** Names what is counted: the rollout's id; without a rollout, model and generation. */
  readonly key: string;
  /** The rollout's stage; 0 without one. */
  readonly stage: number;
  readonly production: Version;
  /** The candidate's version, or the shadow's. */
  readonly candidate: Version;
  /** Percent of the requests that are copied to `candidate`; undefined: it answers its own. */
  readonly shadowPercent: number | undefined;
  /** Runs that take longer, in ms, are slow; undefined: not settled yet. */
  readonly slowMs: number | undefined;
  /** The shadow, where candidate and shadow were both set by hand. */
  readonly beside?: LiveTest;
}

/** What a model's routing lets run side by side, by a rollout or by hand; undefined: one version alone. */
export function liveTestOf(record: ModelRecord): LiveTest | undefined {
  const { model, incarnation, generation, routing, rollout } = record;
  const { production, candidate, shadow } = routing;
  if (production === undefined) return undefined;
  const active = isActive(rollout) ? rollout : undefined;
  const common = {
    model,
    key: active?.id ?? `${model}~${incarnation}~${generation}`,
    stage: active?.stage.number ?? 0,
    production,
    slowMs: active?.slowMs,
  };
  const copied = shadow && {
    ...common,
    ...(candidate && { key: `${common.key}~shadow` }),
    candidate: shadow.version,
    shadowPercent: shadow.percent,
  };
  return candidate
    ? {
        ...common,
        candidate: candidate.version,
        shadowPercent: undefined,
        ...(copied && { beside: copied }),
      }
    : copied;
}
