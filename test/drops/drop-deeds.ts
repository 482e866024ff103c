import { ServingError } from '../../shared/errors.ts';
import type { ModelName } from '../../shared/ids.ts';
import { bury } from '../../shared/registry/deletion.ts';
import { isActive } from '../../shared/rollout/rollout.ts';
import { changeModel } from '../../shared/usecases/change-model.ts';
import { commandRollout } from '../../shared/usecases/command-rollout.ts';
import { type DropProcess, type DropWorld, hear, sweep, validate } from './drop-world.ts';

export const MODELS = ['a', 'b'] as readonly string[] as readonly ModelName[];
const FILES = ['model.onnx', 'next/model.onnx', 'x.onnx'];
const UNFIT = ['bad', 'wide', '', 'x'.repeat(1_001)];
const CONTENTS = ['good 1', 'good 2', 'good 3', 'good 4', 'good 5', 'good 6', 'few', ...UNFIT];
const POLICIES = ['manual', 'canary', 'canary', 'shadow', 'immediate', 'immediate'];
export const CARDS = [...POLICIES.map((name) => `{"policy": "${name}"}`), '{'];

type Random = () => number;
/** What somebody, or some host, does. */
export type Deed = (process: DropProcess) => Promise<unknown>;

/** A state of a blob that a host may tell of. */
export interface DropEvent {
  readonly path: string;
  readonly etag: string;
}

/** What happens next; what is dropped joins `events`. */
export function nextDeed(world: DropWorld, events: DropEvent[], random: Random): Deed {
  const model = oneOf(MODELS, random) ?? ('a' as ModelName);
  const kind = random();
  if (kind < 0.24) {
    const path = `${model}/${oneOf(FILES, random) ?? ''}`;
    return putting(() =>
      events.push({ path, etag: world.put(path, oneOf(CONTENTS, random) ?? '') }),
    );
  }
  if (kind < 0.32)
    return putting(() => world.put(`${model}/card.json`, oneOf(CARDS, random) ?? ''));
  if (kind < 0.36) return putting(() => world.put(`${model}/evaluation.csv`, `x\n${random()}\n`));
  const event = oneOf(events, random);
  if (kind < 0.62 && event) return (process) => hear(process, event.path, event.etag);
  if (kind < 0.64 && event) return (process) => hear(process, event.path);
  const message = oneOf(world.messages.registrations, random);
  if (kind < 0.8 && message) return (process) => validate(process, message);
  if (kind < 0.9) {
    return (process) => {
      world.now += Math.floor(random() * 120_000);
      return sweep(process);
    };
  }
  if (kind < 0.985) return (process) => endRollout(process, model, random);
  return (process) =>
    changeModel(process, model, (record, now) => ({
      record: record && !record.deleted ? bury(record, true, { now, who: 'somebody' }) : record,
    }));
}

/** Somebody ends the rollout that is active, for better or worse. */
export async function endRollout(
  process: DropProcess,
  model: ModelName,
  random: Random,
): Promise<void> {
  const record = (await process.registry.readModel(model))?.value;
  if (!record || record.deleted || !isActive(record.rollout)) return;
  const command = random() < 0.5 ? 'promote' : 'abort';
  const { id } = record.rollout;
  try {
    await commandRollout(process, { model, id, command, allows: () => true, who: 'somebody' });
  } catch (error) {
    // Somebody else was first.
    const kind = error instanceof ServingError ? error.failure.kind : undefined;
    if (kind !== 'conflict' && kind !== 'notFound') throw error;
  }
}

/** Undefined when there are none. */
export function oneOf<T>(all: readonly T[], random: Random): T | undefined {
  return all[Math.floor(random() * all.length)];
}

function putting(put: () => unknown): Deed {
  return () => Promise.resolve(put());
}
