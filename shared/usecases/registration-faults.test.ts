import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Crash, mortality } from '../../test/mortality.ts';
import { NO_FACTS } from '../../test/no-facts.ts';
import { telling } from '../../test/telling.ts';
import { createModelFiles } from '../adapters/disk/model-files.ts';
import { createSpool } from '../adapters/disk/spool.ts';
import { createMemoryArtifacts } from '../adapters/memory/artifacts.ts';
import { createMemoryMessages } from '../adapters/memory/messages.ts';
import { createMemoryRegistry } from '../adapters/memory/registry.ts';
import { ServingError } from '../errors.ts';
import type { Digest, ModelName, Version } from '../ids.ts';
import type { ArtifactStore } from '../ports/artifacts.ts';
import type { Inspection, ModelInspector } from '../ports/inspection.ts';
import type { SpooledFile } from '../ports/model-files.ts';
import { bury } from '../registry/deletion.ts';
import type { ModelEvent } from '../registry/events.ts';
import { changeModel } from './change-model.ts';
import { registerModel } from './register-model.ts';
import { sweepUnfinished } from './sweep-unfinished.ts';
import { validateVersion } from './validate-version.ts';

const model = 'm' as ModelName;
const SWEEP_AFTER_MS = 1_000;

let folder: string;
let file: SpooledFile;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'registration-faults-'));
  const path = join(folder, 'body');
  await writeFile(path, 'the bytes of a model');
  const digest = createHash('sha256').update('the bytes of a model').digest('hex') as Digest;
  file = { path, digest, bytes: 20, discard: () => Promise.resolve() };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const FINE: Inspection = {
  ok: true,
  signature: { inputs: [], outputs: [] },
  facts: NO_FACTS,
  warnings: [],
  loadMs: 1,
};

/** So that there is a report to keep. */
const MEASURED: Inspection = {
  ...FINE,
  measurements: {
    robustness: { probes: [] },
    cost: { bytes: 10, loadMs: 1, memoryBytes: 100 },
  },
};

/** What outlives a process: the stores, and how time passes. */
function world() {
  return {
    registry: createMemoryRegistry(),
    artifacts: createMemoryArtifacts(),
    messages: createMemoryMessages(),
    now: 1_700_000_000_000,
  };
}
type World = ReturnType<typeof world>;

/** A process in that world; with a crash, its calls from then on never come back. */
function processIn(shared: World, crash?: Crash) {
  const { mortal, death } = mortality(crash);
  const artifacts = mortal<ArtifactStore>(shared.artifacts);
  const inspector: ModelInspector = { inspect: () => Promise.resolve(MEASURED) };
  return {
    registry: mortal(shared.registry),
    artifacts,
    messages: mortal(shared.messages),
    modelFiles: createModelFiles({
      dir: join(folder, randomUUID()),
      artifacts,
      maxBytes: 1_000_000,
    }),
    inspector: mortal(inspector),
    spool: createSpool({ dir: join(folder, randomUUID()), maxBytes: 1_000_000 }),
    clock: () => shared.now,
    config: { maxModelBytes: 1e6, maxBodyBytes: 1e6, sweepAfterMs: SWEEP_AFTER_MS },
    death,
  };
}
type Process = ReturnType<typeof processIn>;

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const register = (process: Process) =>
  registerModel(process, {
    ...{ model, content: { kind: 'file', file }, card: {}, who: 'a test' },
    traceparent: TRACEPARENT,
  });

/** Delivers what is on the queue, as a healthy process does. */
async function deliver(shared: World): Promise<void> {
  for (const message of shared.messages.registrations.splice(0)) {
    await validateVersion(processIn(shared), message);
  }
}
async function sweepLater(shared: World): Promise<void> {
  shared.now += SWEEP_AFTER_MS + 1;
  await sweepUnfinished(processIn(shared));
}
async function history(shared: World): Promise<ModelEvent[]> {
  const record = (await shared.registry.readModel(model))?.value;
  const copied = await shared.registry.listEvents(model, { after: 0, limit: 100 });
  const bySeq = new Map([...copied, ...(record?.events ?? [])].map((event) => [event.seq, event]));
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}

async function expectOneReady(shared: World): Promise<void> {
  const record = (await shared.registry.readModel(model))?.value;
  expect(record?.versions).toMatchObject([{ version: 1, state: 'ready' }]);
  expect(record?.routing).toEqual({ production: 1 });
  const version = 1 as Version;
  const verdict = await shared.registry.readVerdict({ model, incarnation: 1, version });
  // What a verdict says of a report stands.
  expect([...shared.artifacts.artifacts.keys()]).toContain(
    `${model}/1/sha256/${verdict?.assessment?.digest}/report.json`,
  );
  const happened = (await history(shared)).map(({ seq, type }) => [seq, type]);
  expect(happened).toEqual([
    [1, 'registered'],
    [2, 'ready'],
    [3, 'routed'],
  ]);
}

/** Crashes `work` at each of its calls in turn, until it gets through; every world is then examined. */
async function atEveryCrash(
  prepare: (shared: World) => Promise<void>,
  work: (process: Process) => Promise<unknown>,
  examine: (shared: World) => Promise<void>,
): Promise<number> {
  let crashes = 0;
  for (const after of [false, true]) {
    for (let call = 1; ; call++) {
      const shared = world();
      await prepare(shared);
      const process = processIn(shared, { call, after });
      const end = await Promise.race([work(process).then(() => 'through'), process.death]);
      await examine(shared);
      if (end === 'through') break;
      crashes += 1;
    }
  }
  return crashes;
}

describe('a crash at any call', () => {
  test('while registering: nothing or one version, and the sweep or asking again ends it', async () => {
    for (const asksAgain of [true, false]) {
      const crashes = await atEveryCrash(
        () => Promise.resolve(),
        register,
        async (shared) => {
          const before = (await shared.registry.readModel(model))?.value.versions ?? [];
          if (asksAgain) await register(processIn(shared));
          else if (before.length === 0) return;
          else await sweepLater(shared);
          await deliver(shared);
          await expectOneReady(shared);
        },
      );
      expect(crashes).toBeGreaterThan(8);
    }
  });

  test('while validating: redelivery decides it, once', async () => {
    const crashes = await atEveryCrash(
      async (shared) => {
        await register(processIn(shared));
      },
      (process) => validateVersion(process, { model, incarnation: 1, version: 1 as Version }),
      async (shared) => {
        await deliver(shared);
        await expectOneReady(shared);
      },
    );
    expect(crashes).toBeGreaterThan(10);
  });

  test('while validating, the message lost as well: the sweep decides it, once', async () => {
    await atEveryCrash(
      async (shared) => {
        await register(processIn(shared));
        shared.messages.registrations.length = 0;
      },
      (process) => validateVersion(process, { model, incarnation: 1, version: 1 as Version }),
      async (shared) => {
        await sweepLater(shared);
        await deliver(shared);
        await expectOneReady(shared);
      },
    );
  });

  test('while sweeping: the next sweep ends it, and artifacts of deleted models are gone', async () => {
    const crashes = await atEveryCrash(
      async (shared) => {
        await register(processIn(shared));
        await changeModel(processIn(shared), model, (record, now) => ({
          record: record && bury(record, true, { now, who: 'a test' }),
        }));
        await register(processIn(shared));
        shared.messages.registrations.length = 0;
        shared.now += SWEEP_AFTER_MS + 1;
      },
      sweepUnfinished,
      async (shared) => {
        await sweepLater(shared);
        await deliver(shared);
        const record = (await shared.registry.readModel(model))?.value;
        expect(record).toMatchObject({
          incarnation: 2,
          purges: [],
          versions: [{ version: 2, state: 'ready' }],
        });
        expect([...shared.artifacts.artifacts.keys()]).toEqual([
          `m/2/sha256/${file.digest}/model.onnx`,
          expect.stringMatching(/^m\/2\/sha256\/[0-9a-f]{64}\/report\.json$/),
        ]);
      },
    );
    expect(crashes).toBeGreaterThan(4);
  });
});

describe('more than once', () => {
  test('many register the same at once, many validate it at once: one version, decided once', async () => {
    const shared = world();
    const registered = await Promise.all(
      Array.from({ length: 10 }, () => register(processIn(shared))),
    );
    expect(registered.filter(({ created }) => created)).toHaveLength(1);
    const messages = shared.messages.registrations.splice(0);
    await Promise.all(messages.map((message) => validateVersion(processIn(shared), message)));
    await expectOneReady(shared);
  });

  test('two who find different things: the first verdict counts', async () => {
    const shared = world();
    await register(processIn(shared));
    const [message] = shared.messages.registrations.splice(0);
    if (!message) throw new Error('a message');
    const disagreeing = processIn(shared);
    const refuses: ModelInspector = {
      inspect: () => Promise.resolve({ ok: false, reasons: ['I say no'] }),
    };
    await Promise.all([
      validateVersion({ ...disagreeing, inspector: refuses }, message),
      validateVersion(processIn(shared), message),
    ]);
    const record = (await shared.registry.readModel(model))?.value;
    const verdict = await shared.registry.readVerdict(message);
    expect(record?.versions[0]?.state).toBe(verdict?.outcome.kind);
    const decisions = (await history(shared)).filter(
      ({ type }) => type === 'ready' || type === 'rejected',
    );
    expect(decisions).toHaveLength(1);
  });
});

describe('a file that cannot be examined', () => {
  test.each([
    [
      'missing',
      ({ artifacts: { artifacts } }: World) => {
        artifacts.clear();
      },
      'not in storage',
    ],
    [
      'damaged',
      ({ artifacts: { artifacts } }: World) => {
        for (const name of artifacts.keys()) artifacts.set(name, Buffer.from('other bytes'));
      },
      'expected SHA-256',
    ],
  ])('because it is %s is rejected with the reason', async (_, harm, reason) => {
    const shared = world();
    await register(processIn(shared));
    harm(shared);
    await deliver(shared);
    const verdict = await shared.registry.readVerdict({
      model,
      incarnation: 1,
      version: 1 as Version,
    });
    expect(verdict?.outcome).toMatchObject({
      kind: 'rejected',
      reasons: [expect.stringContaining(reason) as unknown],
    });
  });

  test('for now is tried again', async () => {
    const shared = world();
    await register(processIn(shared));
    const [message] = shared.messages.registrations;
    if (!message) throw new Error('a message');
    const process = processIn(shared);
    const down = new ServingError({ kind: 'unavailable', detail: 'down', retryAfterSeconds: 1 });
    const failing = { ...process, modelFiles: { open: () => Promise.reject(down) } };
    await expect(validateVersion(failing, message)).rejects.toBe(down);
    const broken = new Error('no process can be started');
    const unable = { ...process, inspector: { inspect: () => Promise.reject(broken) } };
    await expect(validateVersion(unable, message)).rejects.toBe(broken);
    await deliver(shared);
    await expectOneReady(shared);
  });
});

describe('the sweep', () => {
  test('leaves alone what is young, decided, or surely still waiting', async () => {
    const shared = world();
    await register(processIn(shared));
    shared.messages.registrations.length = 0;
    const young = await sweepUnfinished(processIn(shared));
    expect(young).toEqual({ sentAgain: 0, purged: 0 });

    shared.now += SWEEP_AFTER_MS + 1;
    const waiting = { model: 'other' as ModelName, incarnation: 1, version: 1 as Version };
    shared.messages.registrations.push(...Array.from({ length: 64 }, () => waiting));
    expect(await sweepUnfinished(processIn(shared))).toEqual({ sentAgain: 0, purged: 0 });
    shared.messages.registrations.pop();
    const { telemetry, sink } = telling();
    const swept = await sweepUnfinished({ ...processIn(shared), telemetry });
    expect(swept).toEqual({ sentAgain: 1, purged: 0 });
    await telemetry.flush();
    expect(sink.sum('pilotlight.stuck', { what: 'registration' })).toBe(1);
    // It stays in the trace of who brought it.
    expect(shared.messages.registrations.at(-1)).toMatchObject({ traceparent: TRACEPARENT });

    await deliver(shared);
    await sweepLater(shared);
    expect(shared.messages.registrations).toEqual([]);
    await expectOneReady(shared);
  });
});
