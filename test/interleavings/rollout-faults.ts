import { amend, type Stamp } from '../../shared/registry/amend.ts';
import { withFormer } from '../../shared/registry/formerly.ts';
import { requireModel } from '../../shared/registry/lookup.ts';
import type { ModelRecord } from '../../shared/registry/model-record.ts';
import { takeBack } from '../../shared/registry/rollback.ts';
import { isActive } from '../../shared/rollout/rollout.ts';
import { changeModel } from '../../shared/usecases/change-model.ts';
import { MODEL } from './deed.ts';
import { decided, PROPER } from './rollout-deeds.ts';
import type { Fault } from './run.ts';
import { tooLate } from './too-late.ts';
import { without } from './without.ts';

/** Ways to roll out that are wrong, and what gives each away. */
export const ROLLOUT_FAULTS: readonly [string, Fault, RegExp][] = [
  [
    'advancing whatever stage it is in by now',
    {
      ways: {
        ...PROPER,
        async judge(ports, { id, stage: judged }, chance) {
          await changeModel(ports, MODEL, (record, now) => {
            const stage = record?.rollout?.stage.number ?? 0;
            const stamp = { now, who: 'timer' };
            return {
              record:
                record && decided(record, { id, stage }, { chance, judgedStage: judged }, stamp),
            };
          });
        },
      },
    },
    /was advanced for what another stage had shown/,
  ],
  [
    'judging by an unconditional write',
    {
      ways: {
        ...PROPER,
        async judge(ports, ref, chance) {
          const seen = (await ports.registry.readModel(MODEL))?.value;
          if (!seen) return;
          const after = decided(seen, ref, { chance }, { now: ports.clock(), who: 'timer' });
          const stands = await ports.registry.readModel(MODEL);
          if (!stands || after === seen) return;
          for (const event of seen.events) await ports.registry.createEvent(MODEL, event);
          await ports.registry.replaceModel(after, stands.etag);
        },
      },
    },
    /rollout \w+ was over and has changed|event \d+ has become another/,
  ],
  [
    'dropping rollouts that were not copied out',
    { registry: without(() => ({ createRollout: () => Promise.resolve(true) })) },
    /rollout \w+ is lost/,
  ],
  [
    'copying rollouts out after they were dropped',
    { registry: tooLate('createRollout') },
    /rollout \w+ is lost/,
  ],
  [
    'knowing a rollout only while the record holds it',
    {
      ways: {
        ...PROPER,
        async start(ports, wanted) {
          const blind = without(() => ({ readRollout: () => Promise.resolve(undefined) }));
          return await PROPER.start({ ...ports, registry: blind(ports.registry) }, wanted);
        },
      },
    },
    /rollout \w+ started twice/,
  ],
  [
    'promoting in two writes: the version is routed, then the rollout ends',
    {
      ways: {
        ...PROPER,
        async command(ports, asked) {
          if (asked.command === 'promote') {
            await changeModel(ports, MODEL, (record, now) => ({
              record: record && routeBesides(record, { now, who: asked.who }),
            }));
          }
          return await PROPER.command(ports, asked);
        },
      },
    },
    /rollout \w+ is (running|paused) and something else is routed/,
  ],
  [
    'rolling back without forgetting where it went',
    {
      ways: {
        ...PROPER,
        async rollBack(ports, asked) {
          const { record } = await changeModel(ports, MODEL, (before, now) => {
            const model = requireModel(before, MODEL);
            const { formerly = [] } = model;
            const back = takeBack(model, undefined, { now, who: asked.who });
            return { record: { ...back, formerly } };
          });
          return record;
        },
      },
    },
    /it stands and was before|a rollback went forth/,
  ],
];

/** What PUT routing must never do while a rollout is active. */
function routeBesides(record: ModelRecord, stamp: Stamp): ModelRecord {
  const { rollout } = record;
  if (!isActive(rollout)) return record;
  const { version: production } = rollout.plan;
  return amend(
    record,
    { routing: { production }, ...withFormer(record, production) },
    { type: 'routed', why: 'promoted', figures: { production: String(production) } },
    stamp,
  );
}
