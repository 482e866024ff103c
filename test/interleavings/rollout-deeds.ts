import type { RolloutId, Version } from '../../shared/ids.ts';
import type { Stamp } from '../../shared/registry/amend.ts';
import type { ModelRecord } from '../../shared/registry/model-record.ts';
import type { RolloutCommand } from '../../shared/registry/rollout-commands.ts';
import type { WantedRollout } from '../../shared/registry/rollout-plan.ts';
import {
  advance,
  freezeSlow,
  rollBackRollout,
  type StageRef,
} from '../../shared/registry/rollouts.ts';
import type { Judgement } from '../../shared/rollout/rollout.ts';
import { changeModel } from '../../shared/usecases/change-model.ts';
import { commandRollout } from '../../shared/usecases/command-rollout.ts';
import { claimOf } from '../../shared/usecases/idempotency.ts';
import { listRollouts, readRollout } from '../../shared/usecases/read-rollouts.ts';
import { retireVersion } from '../../shared/usecases/retire-version.ts';
import { rollBack } from '../../shared/usecases/roll-back.ts';
import { routeTraffic } from '../../shared/usecases/route-traffic.ts';
import { startRollout } from '../../shared/usecases/start-rollout.ts';
import {
  anyVersion,
  type Deed,
  MODEL,
  type Ports,
  pick,
  precondition,
  refusal,
  type Ways,
  who,
} from './deed.ts';
import { must } from './must.ts';

const PLANS: readonly Omit<WantedRollout, 'version'>[] = [
  {},
  { steps: [100] },
  { steps: [50] },
  { steps: [10, 20, 30], shadow: { percent: 40 } },
  { steps: [100], shadow: { percent: 5, minRequests: 0 } },
];

/** A version that could be rolled out when it was looked for, with what stands in its way cleared. */
async function anyComing(ports: Ports, random: () => number): Promise<Version | undefined> {
  const record = (await ports.registry.readModel(MODEL))?.value;
  const { production, candidate, shadow } = record?.routing ?? {};
  const others = (record?.versions ?? []).filter(
    ({ version, state }) => state === 'ready' && version !== production,
  );
  if (production !== undefined && (candidate ?? shadow) && others.length > 0) {
    const clear = { model: MODEL, routing: { production }, allows: () => true, who };
    await routeTraffic(ports, clear).catch(refusal);
  }
  return pick(others, random)?.version;
}

/** By a person, now and then again with the same key. */
const start: Deed = async (ports, random, ways) => {
  const coming = random() < 0.9 ? await anyComing(ports, random) : undefined;
  const wanted = { ...pick(PLANS, random), version: coming ?? (await anyVersion(ports, random)) };
  const allows = await precondition(ports, random);
  const given = random() < 0.4 ? `key ${Math.floor(random() * 3)}` : undefined;
  const path = 'POST /models/m/rollouts';
  const claim = given === undefined ? undefined : claimOf(given, { who, path, body: wanted });
  const { record, rollout } = await ways.start(ports, {
    model: MODEL,
    wanted,
    allows,
    who,
    ...(claim && { claim }),
  });
  if (!claim) return;
  const key = `${claim.key} of ${record.incarnation}`;
  const known = ports.answered.get(key);
  must(known === undefined || known === rollout.id, 'a key was answered with two rollouts');
  ports.answered.set(key, rollout.id);
};

/** Of a dropped model: the same id is the same rollout, however often it is delivered. */
const startDropped: Deed = async (ports, random, ways) => {
  const n = 1 + Math.floor(random() * 3);
  const wanted = { ...PLANS[n], version: (n + 1) as Version };
  const id = `drop${n}` as RolloutId;
  const held = n === 2 ? { paused: 'too few rows' } : {};
  const { rollout } = await ways.start(ports, { model: MODEL, wanted, who, id, ...held });
  must(rollout.id === id, 'another rollout was answered');
};

const command: Deed = async (ports, random, ways) => {
  const held = (await ports.registry.readModel(MODEL))?.value.rollout;
  const id = random() < 0.9 ? held?.id : pick(ports.begun(), random);
  const sense = held?.status.state === 'paused' ? 'resume' : 'pause';
  const wanted = random() < 0.6 ? sense : pick(COMMANDS, random);
  if (!id || !wanted) return;
  const allows = await precondition(ports, random);
  await ways.command(ports, { model: MODEL, id, command: wanted, allows, who });
};
const COMMANDS: readonly RolloutCommand[] = ['pause', 'resume', 'promote', 'abort'];

/** What the timer does: looks at the counters of the stage that it saw, and decides by them. */
const judgeAll: Deed = async (ports, random, ways) => {
  for (const { rollout } of await ports.registry.listRollingOut({ limit: 10 })) {
    if (!rollout) continue;
    const { id, stage } = rollout;
    await ports.registry.ping(); // reading the counters takes a while
    await ways.judge(ports, { id, stage: stage.number }, random());
  }
};

/** `chance` decides what was found. */
export async function judge(ports: Ports, ref: StageRef, chance: number): Promise<void> {
  await changeModel(ports, MODEL, (record, now) => ({
    record: record && decided(record, ref, { chance }, { now, who: 'timer' }),
  }));
}

export function decided(
  record: ModelRecord,
  ref: StageRef,
  { chance, judgedStage = ref.stage }: { readonly chance: number; readonly judgedStage?: number },
  stamp: Stamp,
): ModelRecord {
  if (chance < 0.15) return freezeSlow(record, ref, 1 + chance);
  const judgement: Judgement = {
    at: new Date(stamp.now).toISOString(),
    decision: chance < 0.85 ? 'advance' : 'rollBack',
    why: 'as chance has it',
    figures: { judgedStage },
  };
  return judgement.decision === 'advance'
    ? advance(record, ref, { judgement, evidence: { errors: [chance] } }, stamp)
    : rollBackRollout(record, ref, judgement, stamp);
}

const takeBack: Deed = async (ports, random, ways) => {
  const given = random() < 0.3 ? `key ${Math.floor(random() * 2)}` : undefined;
  const claim = given && claimOf(given, { who, path: 'POST /models/m/rollback', body: {} });
  const allows = await precondition(ports, random);
  await ways.rollBack(ports, { model: MODEL, allows, who, ...(claim && { claim }) });
};

/** Whoever lists rollouts misses none that had begun, and sees each once, newest first. */
const list: Deed = async (ports, random) => {
  const begun = ports.begun();
  const limit = 1 + Math.floor(random() * 3);
  const seen: { createdAt: string; id: RolloutId }[] = [];
  for (let page = await listRollouts(ports, MODEL, { limit }); ; ) {
    seen.push(...page.rollouts);
    if (!page.next) break;
    page = await listRollouts(ports, MODEL, { before: page.next, limit });
  }
  seen.forEach((rollout, n) => {
    const before = seen[n - 1];
    must(!before || before.createdAt >= rollout.createdAt, 'rollouts are listed out of order');
  });
  const ids = new Set(seen.map(({ id }) => id));
  must(ids.size === seen.length, 'a rollout is listed twice');
  for (const id of begun) {
    must(ids.has(id), `rollout ${id} is not listed`);
    must((await readRollout(ports, MODEL, id)).rollout.id === id, 'another rollout was read');
  }
};

/** By how often an actor does them. */
export const ROLLOUT_DEEDS: readonly (readonly [weight: number, deed: Deed])[] = [
  [8, start],
  [4, startDropped],
  [9, command],
  [14, judgeAll],
  [2, takeBack],
  [1, list],
];

export const PROPER: Ways = {
  retire: retireVersion,
  start: startRollout,
  command: commandRollout,
  rollBack,
  judge,
};
