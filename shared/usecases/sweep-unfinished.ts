import type { Config } from '../config.ts';
import type { Fingerprint } from '../ids.ts';
import type { ArtifactStore } from '../ports/artifacts.ts';
import type { Messages, RegistrationMessage } from '../ports/messages.ts';
import type { ModelRecord } from '../registry/model-record.ts';
import { METRICS } from '../telemetry/metric-names.ts';
import type { RegistryDeps } from './change-model.ts';
import { purgeOwed } from './delete-model.ts';

export interface SweepDeps extends RegistryDeps {
  readonly artifacts: Pick<ArtifactStore, 'purge'>;
  readonly messages: Messages;
  readonly config: Pick<Config, 'sweepAfterMs'>;
}

/** Models looked at in one sweep. */
const MAX_MODELS = 200;
/** With this many registrations waiting, what is pending most likely waits among them. */
const MAX_WAITING = 64;

export interface Swept {
  readonly sentAgain: number;
  readonly purged: number;
}

/**
 * Makes good what crashes left: versions that wait for longer than `sweepAfterMs` are sent to
 * validation again, oldest first, and the artifacts of deleted models are removed. The message may
 * be there after all: one too many does no harm, so the queue's length is what is bounded.
 */
export async function sweepUnfinished(deps: SweepDeps): Promise<Swept> {
  const before = deps.clock() - deps.config.sweepAfterMs;
  const records = await deps.registry.listUnfinished({ before, limit: MAX_MODELS });
  const overdue = records
    .flatMap((record) => overdueIn(record, before))
    .sort((a, b) => a.since - b.since);

  const room = overdue.length === 0 ? 0 : MAX_WAITING - (await deps.messages.countRegistrations());
  const sent = overdue.slice(0, Math.max(0, room));
  for (const { message, fingerprint } of sent) {
    const submission = await deps.registry.readSubmission({ ...message, fingerprint });
    await deps.messages.sendRegistration({ ...message, traceparent: submission?.traceparent });
    deps.telemetry?.count(METRICS.stuck, { what: 'registration' });
  }

  let purged = 0;
  for (const record of records) {
    await purgeOwed(deps, record);
    purged += record.purges.length;
  }
  return { sentAgain: sent.length, purged };
}

function overdueIn(
  { model, incarnation, versions }: ModelRecord,
  before: number,
): { message: RegistrationMessage; fingerprint: Fingerprint; since: number }[] {
  return versions
    .filter(({ state }) => state === 'pending' || state === 'validating')
    .map(({ version, fingerprint, createdAt }) => ({
      message: { model, incarnation, version },
      fingerprint,
      since: Date.parse(createdAt),
    }))
    .filter(({ since }) => since <= before);
}
