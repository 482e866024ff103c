import { parseCardText } from '../../functions/card.ts';
import { createMemoryArtifacts } from '../../shared/adapters/memory/artifacts.ts';
import { tagOf } from '../../shared/adapters/memory/blob-tag.ts';
import { createMemoryDroppedFiles } from '../../shared/adapters/memory/dropped-files.ts';
import { createMemoryMessages } from '../../shared/adapters/memory/messages.ts';
import { createMemoryRegistry } from '../../shared/adapters/memory/registry.ts';
import { dropIdOf, dropPlaceOf } from '../../shared/drops/drop-place.ts';
import { SeenDrops } from '../../shared/drops/seen-drops.ts';
import type { Digest, ModelName } from '../../shared/ids.ts';
import type { RegistrationMessage } from '../../shared/ports/messages.ts';
import type { ModelEvent } from '../../shared/registry/events.ts';
import type { Verdict } from '../../shared/registry/model-record.ts';
import type { RegistryDeps } from '../../shared/usecases/change-model.ts';
import { settleDrops } from '../../shared/usecases/settle-drops.ts';
import { sweepDrops } from '../../shared/usecases/sweep-drops.ts';
import { type TakeDropDeps, takeDrop } from '../../shared/usecases/take-drop.ts';
import {
  beginValidation,
  decideVersion,
  readVersion,
} from '../../shared/usecases/version-lifecycle.ts';
import { NO_FACTS } from '../no-facts.ts';

/** What outlives a process, and what happens in it from outside. A model file is a text. */
export class DropWorld {
  readonly registry = createMemoryRegistry();
  readonly artifacts = createMemoryArtifacts();
  readonly messages = createMemoryMessages();
  now = Date.parse('2026-01-01T00:00:00Z');
  readonly dropped = createMemoryDroppedFiles({
    incoming: this.artifacts.incoming,
    clock: () => this.now,
  });

  /** Somebody drops a file, the same again too; answers its ETag. */
  put(path: string, content: string): string {
    const bytes = new Uint8Array(Buffer.from(content));
    this.artifacts.incoming.set(path, bytes);
    return tagOf(bytes);
  }

  /** The report beside a dropped model. */
  report(path: string): Record<string, unknown> | undefined {
    const bytes = this.artifacts.incoming.get(`${path}.report.json`);
    return bytes && (JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>);
  }

  async drop(path: string, etag: string) {
    const { model } = dropPlaceOf(path);
    return (await this.registry.readDrop(model, dropIdOf({ path, etag })))?.value;
  }

  async record(model: ModelName) {
    return (await this.registry.readModel(model))?.value;
  }

  async history(model: ModelName): Promise<ModelEvent[]> {
    const record = await this.record(model);
    const copied = await this.registry.listEvents(model, { after: 0, limit: 1_000 });
    const all = new Map([...copied, ...(record?.events ?? [])].map((event) => [event.seq, event]));
    return [...all.values()].sort((a, b) => a.seq - b.seq);
  }
}

/** The world as one process sees it. */
export interface DropProcess extends TakeDropDeps, RegistryDeps {
  readonly seenDrops: SeenDrops;
  /** What examining a model needs to know of it. */
  readonly contentOf: (model: ModelName, incarnation: number, digest: Digest) => string | undefined;
}

export function healthy(world: DropWorld): DropProcess {
  return {
    registry: world.registry,
    artifacts: world.artifacts,
    messages: world.messages,
    dropped: world.dropped,
    clock: () => world.now,
    backOff: () => Promise.resolve(),
    config: { maxModelBytes: 1_000, maxBodyBytes: 1_000 },
    seenDrops: new SeenDrops(),
    reportOn: ({ verdict }) => Promise.resolve({ gates: verdict?.assessment?.gates }),
    contentOf: (model, incarnation, digest) => {
      const name = `${model}/${incarnation}/sha256/${digest}/model.onnx`;
      const bytes = world.artifacts.artifacts.get(name);
      return bytes && Buffer.from(bytes).toString();
    },
  };
}

/** The event of a dropped model. */
export const hear = (process: DropProcess, path: string, etag?: string) =>
  takeDrop(process, { path, etag, parseCard: parseCardText });

/** The two timers. */
export async function sweep(process: DropProcess) {
  const swept = await sweepDrops(process, parseCardText);
  const settled = await settleDrops(process);
  return { ...swept, failures: [...swept.failures, ...settled.failures] };
}

/**
 * Stands for the validation of a version, and what follows it: a file that begins with `bad` is
 * rejected, one with `wide` needs an input more than others, of one with `few` too little is known
 * for a rollout to begin by itself.
 */
export async function validate(process: DropProcess, message: RegistrationMessage): Promise<void> {
  const { model, incarnation, version } = message;
  if ((await beginValidation(process, message)) === 'validate') {
    const view = await readVersion(process, model, version);
    if (view) {
      const { digest, bytes, card } = view.submission;
      const content = process.contentOf(model, incarnation, digest);
      await decideVersion(
        process,
        {
          model,
          incarnation,
          version,
          decidedAt: new Date(process.clock()).toISOString(),
          digest,
          bytes,
          card,
          ...assessmentOf(content),
          outcome: outcomeOf(content),
        },
        'validation',
      );
    }
  }
  await settleDrops(process, { model });
}

/** Validates whatever waits, as a healthy process does. */
export async function validateAll(world: DropWorld): Promise<void> {
  for (const message of world.messages.registrations.splice(0)) {
    await validate(healthy(world), message);
  }
}

function assessmentOf(content: string | undefined): Pick<Verdict, 'assessment'> {
  const gate = { gate: 'macroF1', result: 'failed', why: 'it is too low' } as const;
  return {
    assessment: {
      digest: 'f'.repeat(64) as Digest,
      bytes: 2,
      gates: content?.startsWith('bad') ? [gate] : [],
      ...(content?.startsWith('few') && { holds: 'too few labelled rows' }),
    },
  };
}

function outcomeOf(content: string | undefined): Verdict['outcome'] {
  if (content === undefined) return { kind: 'rejected', reasons: ['its artifact is gone'] };
  if (content.startsWith('bad')) return { kind: 'rejected', reasons: ['it is bad'] };
  const input = (name: string) => ({ name, datatype: 'FP32' as const, shape: [-1, 4] });
  return {
    kind: 'ready',
    signature: {
      inputs: [input('x'), ...(content.startsWith('wide') ? [input('another')] : [])],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 1] }],
    },
    facts: NO_FACTS,
    warnings: [],
    loadMs: 1,
  };
}

/** A model is dropped, and everything that follows happens; answers its ETag. */
export async function dropAndWait(
  world: DropWorld,
  path: string,
  content: string,
): Promise<string> {
  const etag = world.put(path, content);
  await hear(healthy(world), path, etag);
  await validateAll(world);
  return etag;
}
