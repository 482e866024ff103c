import { ServingError } from '../../shared/errors.ts';
import type { ModelName, RolloutId, Version } from '../../shared/ids.ts';
import type { RegistrationMessage } from '../../shared/ports/messages.ts';
import type { RegistryDeps } from '../../shared/usecases/change-model.ts';
import type { commandRollout } from '../../shared/usecases/command-rollout.ts';
import type { retireVersion } from '../../shared/usecases/retire-version.ts';
import type { rollBack } from '../../shared/usecases/roll-back.ts';
import type { startRollout } from '../../shared/usecases/start-rollout.ts';
import type { judge } from './rollout-deeds.ts';

export const MODEL = 'm' as ModelName;

/** What stands outside of the actors. */
export interface Ports extends RegistryDeps {
  readonly artifacts: {
    put(incarnation: number): Promise<void>;
    purge(model: ModelName, incarnation: number): Promise<void>;
  };
  readonly messages: {
    send(message: RegistrationMessage): Promise<void>;
    /** One that waits; it goes on waiting until it is done. */
    receive(): Promise<RegistrationMessage | undefined>;
    done(message: RegistrationMessage): Promise<void>;
  };
  /** The rollouts that have begun by now: what a test knows, and no actor could. */
  readonly begun: () => readonly RolloutId[];
  /** What Idempotency-Keys have been answered with. */
  readonly answered: Map<string, RolloutId>;
}

/** How each deed is done; a test may do one of them wrong. */
export interface Ways {
  readonly retire: typeof retireVersion;
  readonly start: typeof startRollout;
  readonly command: typeof commandRollout;
  readonly rollBack: typeof rollBack;
  readonly judge: typeof judge;
}

export type Deed = (ports: Ports, random: () => number, ways: Ways) => Promise<unknown>;

export const pick = <T>(from: readonly T[], random: () => number) =>
  from[Math.floor(random() * from.length)];

/** A version that stood when it was looked for; sometimes any number. */
export async function anyVersion({ registry }: Ports, random: () => number): Promise<Version> {
  const versions = (await registry.readModel(MODEL))?.value.versions ?? [];
  const entry = random() < 0.9 ? pick(versions, random) : undefined;
  return entry?.version ?? ((1 + Math.floor(random() * 5)) as Version);
}
export const who = 'actor';

/** Any tag, or the tag of what is read first: a stale one is refused. */
export async function precondition({ registry }: Ports, random: () => number) {
  if (random() < 0.7) return () => true;
  const seen = (await registry.readModel(MODEL))?.value.generation;
  return (etag: string) => etag === `"${seen ?? 0}"`;
}

/** What the registry refuses is refused; anything else is a bug. */
export function refusal(error: unknown): void {
  const refused = error instanceof ServingError && error.failure.kind !== 'unavailable';
  if (!refused) throw error;
}
