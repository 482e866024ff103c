import type { RolloutId } from '../../shared/ids.ts';
import type { RegistryStore } from '../../shared/ports/registry.ts';
import type { ModelEvent } from '../../shared/registry/events.ts';
import type { ModelRecord } from '../../shared/registry/model-record.ts';
import type { Rollout } from '../../shared/rollout/rollout.ts';
import { must, same } from './must.ts';

/** Of a model's rollouts, what must never be. It knows the rules by itself: none of them is asked. */
export class RolloutWatch {
  readonly #store: RegistryStore;
  /** As each was last. */
  readonly #rollouts = new Map<RolloutId, Rollout>();

  constructor(store: RegistryStore) {
    this.#store = store;
  }

  begun(): readonly RolloutId[] {
    return [...this.#rollouts.keys()];
  }

  /** After each write of the record; `before` is what it held until then. */
  async look(before: ModelRecord | undefined, record: ModelRecord): Promise<void> {
    const news = record.events.filter(({ seq }) => seq >= (before?.nextEvent ?? 1));
    const { rollout } = record;
    if (rollout) {
      routingIsItsStage(record, rollout);
      this.#follows(this.#rollouts.get(rollout.id), rollout, news);
      this.#rollouts.set(rollout.id, rollout);
    } else {
      must(!news.some(({ type }) => type.startsWith('rollout')), 'an event of no rollout');
    }
    formerlyFollows(before, record, news);
    const keys = (record.keys ?? []).map(({ key }) => key);
    must(new Set(keys).size === keys.length, 'an Idempotency-Key counted twice');
    await this.#noneIsLost(record);
  }

  #follows(before: Rollout | undefined, rollout: Rollout, news: readonly ModelEvent[]): void {
    const { id, plan, stage, status } = rollout;
    const ofIt = news.filter(({ figures }) => figures?.rollout === id).map(({ type }) => type);
    if (!before) {
      must(ofIt[0] === 'rolloutStarted', `rollout ${id} began untold`);
      const first = plan.shadow ?? { percent: status.state === 'paused' ? 0 : plan.steps[0] };
      must(stage.number === 0 && stage.percent === first.percent, 'it began elsewhere');
      must(same(ofIt.slice(1), status.state === 'completed' ? ['rolloutCompleted'] : []), 'two');
      return;
    }
    must(!ofIt.includes('rolloutStarted'), `rollout ${id} started twice`);
    must(same(before.plan, plan), `the plan of rollout ${id} is another`);
    if (isOver(before)) {
      must(same(before, rollout), `rollout ${id} was over and has changed`);
      must(ofIt.length === 0, `rollout ${id} was over and something happened to it`);
      return;
    }
    must(before.slowMs === undefined || before.slowMs === rollout.slowMs, 'slow is another');
    must(same(ofIt, expectedEvents(before, rollout)), `rollout ${id}: told ${ofIt.join()}`);
    if (stage.number === before.stage.number) {
      must(same(stage, before.stage), `the stage of rollout ${id} is another`);
      return;
    }
    must(stage.number === before.stage.number + 1, `rollout ${id} left a stage out`);
    const behind = plan.steps.find(
      (step) => before.stage.kind === 'shadow' || step > before.stage.percent,
    );
    must(stage.kind === 'canary' && stage.percent === behind, `rollout ${id} left a step out`);
    const judged = news.find(({ type }) => type === 'rolloutAdvanced')?.figures?.judgedStage;
    must(
      judged === undefined || judged === before.stage.number,
      `rollout ${id} was advanced for what another stage had shown`,
    );
  }

  async #noneIsLost({ model, rollout: held }: ModelRecord): Promise<void> {
    for (const [id, rollout] of this.#rollouts) {
      if (id === held?.id) continue;
      must(isOver(rollout), `rollout ${id} went without an end`);
      const kept = await this.#store.readRollout(model, id);
      must(kept, `rollout ${id} is lost`);
      must(same(kept, rollout), `rollout ${id} was kept as another`);
    }
  }
}

function isOver({ status }: Rollout): boolean {
  return status.state !== 'running' && status.state !== 'paused';
}

/** What a write must tell that made `after` of `before`. */
function expectedEvents(before: Rollout, after: Rollout): ModelEvent['type'][] {
  const [was, is] = [before.status.state, after.status.state];
  const resumes = was === 'paused' && is !== 'paused' && before.stage.percent === 0;
  const moved = after.stage.number !== before.stage.number;
  switch (is) {
    case 'completed':
      // Nobody can tell from the two whether it was promoted, or resumed to its only step.
      return resumes && 'why' in after.status && after.status.why === WAITED
        ? ['rolloutResumed', 'rolloutCompleted']
        : ['rolloutCompleted'];
    case 'rolledBack':
      return ['rolledBack'];
    case 'aborted':
      return ['rolloutAborted'];
    case 'paused':
      return was === 'paused' ? [] : ['rolloutPaused'];
    case 'running':
      return [
        ...(was === 'paused' ? (['rolloutResumed'] as const) : []),
        ...(moved ? (['rolloutAdvanced'] as const) : []),
      ];
  }
}

/** As a rollout that waited before its first step says it. */
const WAITED = 'it waited before its first step';

/** While a rollout is active, what is routed is exactly what its stage says. */
function routingIsItsStage({ routing, incarnation, deleted }: ModelRecord, rollout: Rollout): void {
  if (isOver(rollout)) return;
  must(!deleted, `a model of incarnation ${incarnation} is deleted and rolled out`);
  const { plan, stage } = rollout;
  const share = { version: plan.version, percent: stage.percent };
  must(
    same(routing, {
      production: plan.from,
      ...(stage.kind === 'shadow' ? { shadow: share } : { candidate: share }),
    }),
    `rollout ${rollout.id} is ${rollout.status.state} and something else is routed`,
  );
}

/** The former productions are a stack: forward pushes, back pops, and nothing else touches it. */
function formerlyFollows(
  before: ModelRecord | undefined,
  record: ModelRecord,
  news: readonly ModelEvent[],
): void {
  const { formerly = [], routing } = record;
  formerly.forEach((version, n) => {
    must(version !== formerly[n - 1], `version ${version} was production twice in a row`);
  });
  must(formerly.at(-1) !== routing.production || formerly.length === 0, 'it stands and was before');
  if (record.deleted) {
    must(formerly.length === 0, 'a deleted model has former productions');
    return;
  }
  const was = before?.deleted ? [] : (before?.formerly ?? []);
  const from = before?.routing.production;
  if (routing.production === from || from === undefined || before?.deleted) {
    must(same(formerly, was), 'production stayed and the ones before it have changed');
  } else if (news.some(({ type, figures }) => type === 'rolledBack' && !figures?.rollout)) {
    must(formerly.length < was.length, 'a rollback went forth');
    must(same(formerly, was.slice(0, formerly.length)), 'a rollback changed what was before');
    must(was[formerly.length] === routing.production, 'a rollback went elsewhere');
  } else {
    must(same(formerly, [...was, from]), 'the production before was not kept');
  }
}
