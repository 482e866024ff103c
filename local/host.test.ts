import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type {
  BlobReference,
  Context,
  FunctionDefinition,
  QueueFunction,
} from '../functions/trigger.ts';
import type { App } from '../shared/compose.ts';
import { ServingError } from '../shared/errors.ts';
import { untold } from '../test/untold.ts';
import { type HeldEmulators, holdEmulators } from './emulator-client.ts';
import { type Host, startHost } from './host.ts';
import { type HostSettings, parseHostJson } from './host-json.ts';

let folder: string;
let emulators: HeldEmulators;
let queues: QueueServiceClient;
let blobs: BlobServiceClient;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-host-'));
  const entry = join(process.env.PILOTLIGHT_TEST_DIST ?? '', 'emulators.mjs');
  emulators = await holdEmulators({ folder, entry });
  queues = QueueServiceClient.fromConnectionString(emulators.storage);
  blobs = BlobServiceClient.fromConnectionString(emulators.storage);
});
afterAll(async () => {
  await emulators.end();
  await rm(folder, { recursive: true });
});

const hosts: Host[] = [];
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.stop(10_000);
});

let counter = 0;
/** A name no other test uses, for queues and containers. */
function fresh(kind: string): string {
  counter += 1;
  return `${kind}-${counter}`;
}

const lines: string[] = [];
async function start(
  functions: FunctionDefinition[],
  host: { queues?: Partial<HostSettings['queues']>; lockMs?: number } = {},
): Promise<Host> {
  const settings = parseHostJson({ version: '2.0', extensions: { http: { routePrefix: '' } } });
  const storage = { kind: 'connectionString', connectionString: emulators.storage } as const;
  const started = await startHost({
    functions,
    app: {
      config: { access: 'open', storage, maxBodyBytes: 1_000_000, httpStreaming: true },
      telemetry: untold,
    } as App,
    settings: { ...settings, queues: { ...settings.queues, ...host.queues } },
    port: 0,
    lockMs: host.lockMs ?? 2_000,
    log: (line) => lines.push(line),
  });
  hosts.push(started);
  return started;
}

function queueFunction(queue: string, handler: QueueFunction['handler']): QueueFunction {
  return { kind: 'queue', name: `on-${queue}`, queue, handler };
}

async function send(queue: string, ...texts: string[]): Promise<void> {
  const client = queues.getQueueClient(queue);
  await client.createIfNotExists();
  for (const text of texts) await client.sendMessage(Buffer.from(text).toString('base64'));
}

/** Texts in a queue, without hiding them. */
async function peek(queue: string): Promise<string[]> {
  const { peekedMessageItems } = await queues
    .getQueueClient(queue)
    .peekMessages({ numberOfMessages: 32 });
  return peekedMessageItems.map(({ messageText }) => Buffer.from(messageText, 'base64').toString());
}

/** Messages that a queue holds, hidden or not. */
async function count(queue: string): Promise<number | undefined> {
  return (await queues.getQueueClient(queue).getProperties()).approximateMessagesCount;
}

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await what())) await sleep(20);
}

describe('queues', () => {
  test('hand each message over once it is there, parsed, with Azure’s facts', async () => {
    const queue = fresh('facts');
    const seen: { message: unknown; context: Context }[] = [];
    await start([
      queueFunction(queue, (_app, message, context) => {
        seen.push({ message, context });
        return Promise.resolve();
      }),
    ]);
    await send(queue, '{"model":"m"}', '123', 'text');
    await until(() => seen.length === 3);
    expect(seen.map(({ message }) => message).sort()).toEqual([123, { model: 'm' }, 'text']);
    const facts = seen.find(({ message }) => message === 123)?.context;
    expect(facts?.functionName).toBe(`on-${queue}`);
    expect(facts?.triggerMetadata).toMatchObject({ queueTrigger: 123, dequeueCount: 1 });
    expect(Object.keys(facts?.triggerMetadata ?? {}).sort()).toEqual([
      'dequeueCount',
      'expirationTime',
      'id',
      'insertionTime',
      'nextVisibleTime',
      'popReceipt',
      'queueTrigger',
    ]);
    expect(Date.parse(String(facts?.triggerMetadata?.insertionTime))).toBeGreaterThan(0);
    await until(async () => (await count(queue)) === 0);
    expect(lines.at(-1)).toMatch(new RegExp(`^queue on-${queue} try 1 done \\d+\\.\\d ms$`));
  });

  test('take messages that need no encoding as they are', async () => {
    const queue = fresh('plain');
    await queues.createQueue(queue);
    await queues.getQueueClient(queue).sendMessage('{"a":1}');
    const seen: unknown[] = [];
    await start(
      [
        queueFunction(queue, (_app, message) => {
          seen.push(message);
          return Promise.resolve();
        }),
      ],
      { queues: { messageEncoding: 'none' } },
    );
    await until(() => seen.length === 1);
    expect(seen).toEqual([{ a: 1 }]);
  });

  test('handle at most batchSize plus newBatchThreshold at once', async () => {
    const queue = fresh('limits');
    await send(queue, ...Array.from({ length: 12 }, (_, i) => `m${i}`));
    const ends: (() => void)[] = [];
    let now = 0;
    let most = 0;
    let done = 0;
    await start(
      [
        queueFunction(queue, async () => {
          most = Math.max(most, ++now);
          await new Promise<void>((end) => ends.push(end));
          now -= 1;
          done += 1;
        }),
      ],
      { queues: { batchSize: 2, newBatchThreshold: 1 } },
    );
    await until(() => now === 2);
    // With one left, the next two may come.
    ends.shift()?.();
    await until(() => now === 3);
    await sleep(500);
    await until(() => {
      ends.shift()?.();
      return done === 12;
    });
    expect(most).toBe(3);
  });

  test('one at a time when batchSize is 1 and newBatchThreshold 0', async () => {
    const queue = fresh('single');
    await send(queue, 'a', 'b', 'c');
    let now = 0;
    let most = 0;
    let done = 0;
    await start(
      [
        queueFunction(queue, async () => {
          most = Math.max(most, ++now);
          await sleep(50);
          now -= 1;
          done += 1;
        }),
      ],
      { queues: { batchSize: 1, newBatchThreshold: 0 } },
    );
    await until(() => done === 3);
    expect(most).toBe(1);
  });

  test('a handler longer than the lock keeps its message', async () => {
    const queue = fresh('renewed');
    await send(queue, 'long');
    let tries = 0;
    let ended = false;
    await start(
      [
        queueFunction(queue, async () => {
          tries += 1;
          await sleep(6_000);
          ended = true;
        }),
      ],
      // A renewal may be two seconds late.
      { lockMs: 4_000 },
    );
    await until(() => ended);
    await until(async () => (await count(queue)) === 0);
    expect(tries).toBe(1);
  });

  test('what fails is tried again after visibilityTimeout, then moved to the poison queue', async () => {
    const queue = fresh('failing');
    await send(queue, 'never');
    const at: number[] = [];
    const counts: unknown[] = [];
    const poisoned: unknown[] = [];
    await start(
      [
        queueFunction(queue, (_app, _message, context) => {
          at.push(Date.now());
          counts.push(context.triggerMetadata?.dequeueCount);
          return Promise.reject(new Error('always'));
        }),
        queueFunction(`${queue}-poison`, (_app, message) => {
          poisoned.push(message);
          return Promise.resolve();
        }),
      ],
      { queues: { maxDequeueCount: 3, visibilityTimeoutMs: 1_000 } },
    );
    await until(() => poisoned.length > 0);
    expect(counts).toEqual([1, 2, 3]);
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(900);
    expect(poisoned).toEqual(['never']);
    await until(async () => (await count(queue)) === 0);
    expect(lines.join('\n')).toMatch(/always/);
  });

  test('a failure that would come again is done with at once', async () => {
    const queue = fresh('given-up');
    await send(queue, 'bad');
    let tries = 0;
    await start([
      queueFunction(queue, () => {
        tries += 1;
        return Promise.reject(new ServingError({ kind: 'malformed', detail: 'bad' }));
      }),
    ]);
    await until(async () => tries > 0 && (await count(queue)) === 0);
    await expect(count(`${queue}-poison`)).rejects.toMatchObject({ statusCode: 404 });
  });

  test('a message whose last try crashed is moved without another', async () => {
    const queue = fresh('crashed');
    await send(queue, 'crasher');
    const client = queues.getQueueClient(queue);
    for (let i = 0; i < 2; i++) {
      await client.receiveMessages({ visibilityTimeout: 1 });
      await sleep(1_200);
    }
    let tries = 0;
    await start(
      [
        queueFunction(queue, () => {
          tries += 1;
          return Promise.resolve();
        }),
      ],
      { queues: { maxDequeueCount: 2 } },
    );
    await until(async () => (await count(queue)) === 0);
    expect(tries).toBe(0);
    expect(await peek(`${queue}-poison`)).toEqual(['crasher']);
  });

  test('what is not base64 goes to the poison queue as it is', async () => {
    const queue = fresh('undecodable');
    await queues.createQueue(queue);
    await queues.getQueueClient(queue).sendMessage('{"plain":1}');
    await start([queueFunction(queue, () => Promise.resolve())]);
    await until(async () => (await count(queue)) === 0);
    const { peekedMessageItems } = await queues.getQueueClient(`${queue}-poison`).peekMessages();
    expect(peekedMessageItems[0]?.messageText).toBe('{"plain":1}');
  });

  test('what fails in a poison queue stays there, hidden for the lock time', async () => {
    const queue = `${fresh('deep')}-poison`;
    await send(queue, 'stays');
    let tries = 0;
    await start(
      [
        queueFunction(queue, () => {
          tries += 1;
          return Promise.reject(new Error('no'));
        }),
      ],
      { queues: { maxDequeueCount: 1 } },
    );
    await until(() => tries >= 2);
    expect(await count(queue)).toBe(1);
    await expect(count(`${queue}-poison`)).rejects.toMatchObject({ statusCode: 404 });
  });

  test('stopping lets what is in flight end, and leaves the rest', async () => {
    const queue = fresh('drained');
    await send(queue, 'a', 'b');
    let begun = 0;
    let ended = 0;
    let finish: () => void = () => undefined;
    const work = new Promise<void>((done) => (finish = done));
    const host = await start(
      [
        queueFunction(queue, async () => {
          begun += 1;
          await work;
          ended += 1;
        }),
      ],
      { queues: { batchSize: 1, newBatchThreshold: 0 } },
    );
    await until(() => begun === 1);
    let over = false;
    const stopped = host.stop(10_000).finally(() => (over = true));
    await sleep(300);
    expect(over).toBe(false);
    finish();
    expect(await stopped).toBe(true);
    expect([begun, ended]).toEqual([1, 1]);
    expect(await count(queue)).toBe(1);
  });

  test('stopping lets a request end that waits for what it left in a queue', async () => {
    const queue = fresh('awaited');
    let arrived: () => void = () => undefined;
    const arrival = new Promise<void>((done) => (arrived = done));
    let handled: () => void = () => undefined;
    const handling = new Promise<void>((done) => (handled = done));
    const host = await start([
      queueFunction(queue, () => {
        handled();
        return Promise.resolve();
      }),
      {
        kind: 'http',
        name: 'send-and-wait',
        route: 'send',
        methods: ['POST'],
        access: 'Scorer',
        async handler() {
          arrived();
          await sleep(100);
          await send(queue, 'hello');
          await handling;
          return { status: 201 };
        },
      },
    ]);
    const answer = fetch(`http://127.0.0.1:${host.port}/send`, { method: 'POST' });
    await arrival;
    expect(await host.stop(10_000)).toBe(true);
    expect((await answer).status).toBe(201);
  });

  test('stopping does not wait for ever', async () => {
    const queue = fresh('stuck');
    await send(queue, 'a');
    let release: () => void = () => undefined;
    let begun = false;
    const host = await start([
      queueFunction(queue, async () => {
        begun = true;
        await new Promise<void>((done) => (release = done));
      }),
    ]);
    await until(() => begun);
    expect(await host.stop(300)).toBe(false);
    release();
  });
});

describe('blobs', () => {
  async function upload(container: string, name: string, text: string): Promise<void> {
    const client = blobs.getContainerClient(container);
    await client.createIfNotExists();
    await client.getBlockBlobClient(name).upload(text, text.length);
  }

  test('are told of once for each state they have, also after a restart', async () => {
    const container = fresh('watched');
    await upload(container, 'in/a.onnx', 'one');
    await upload(container, 'in/a.csv', 'no');
    await upload(container, 'out/a.onnx', 'no');
    const seen: { blob: BlobReference; context: Context }[] = [];
    const definition: FunctionDefinition = {
      kind: 'blob',
      name: `on-${container}`,
      path: `${container}/in/{name}.onnx`,
      handler: (_app, blob, context) => {
        seen.push({ blob, context });
        return Promise.resolve();
      },
    };
    const host = await start([definition]);
    await until(() => seen.length === 1);
    const { etag } = await blobs
      .getContainerClient(container)
      .getBlobClient('in/a.onnx')
      .getProperties();
    expect(seen[0]?.blob).toEqual({ container, name: 'in/a.onnx', etag });
    expect(seen[0]?.context.triggerMetadata).toMatchObject({
      name: 'a',
      blobTrigger: `${container}/in/a.onnx`,
      properties: { eTag: etag, contentLength: 3 },
    });
    await sleep(1_500);
    await host.stop(10_000);
    await start([definition]);
    await sleep(1_500);
    expect(seen).toHaveLength(1);
    await upload(container, 'in/a.onnx', 'two');
    await until(() => seen.length === 2);
    expect(seen[1]?.blob.etag).not.toBe(etag);
  });

  test('that fail are tried five times, then a poison message says so', async () => {
    const container = fresh('poisonous');
    await upload(container, 'bad', 'bytes');
    let tries = 0;
    await start(
      [
        {
          kind: 'blob',
          name: `on-${container}`,
          path: `${container}/{name}`,
          handler: () => {
            tries += 1;
            return Promise.reject(new Error('bad blob'));
          },
        },
      ],
      { queues: { visibilityTimeoutMs: 100 } },
    );
    await until(async () => {
      try {
        return (await count('webjobs-blobtrigger-poison')) === 1;
      } catch {
        return false;
      }
    });
    await sleep(1_500);
    expect(tries).toBe(5);
    const [text = ''] = await peek('webjobs-blobtrigger-poison');
    expect(JSON.parse(text)).toMatchObject({
      FunctionId: `on-${container}`,
      ContainerName: container,
      BlobName: 'bad',
    });
  });

  test('are handled by one of two hosts', async () => {
    const container = fresh('shared');
    for (let i = 0; i < 10; i++) await upload(container, `b${i}`, 'x');
    const seen: string[] = [];
    const definition: FunctionDefinition = {
      kind: 'blob',
      name: `on-${container}`,
      path: `${container}/{name}`,
      handler: async (_app, { name }) => {
        await sleep(20);
        seen.push(name);
      },
    };
    await Promise.all([start([definition]), start([definition])]);
    await until(() => seen.length >= 10);
    await sleep(1_500);
    expect(seen.sort()).toEqual(Array.from({ length: 10 }, (_, i) => `b${i}`));
  });
});

describe('timers', () => {
  test('tick by their six fields, in UTC, and never overlap themselves', async () => {
    jest.useFakeTimers({ now: Date.UTC(2026, 0, 1, 11, 59, 58, 500) });
    const ticks: string[] = [];
    let release: () => void = () => undefined;
    try {
      await start([
        {
          kind: 'timer',
          name: 'noon',
          schedule: '0 0 12 * * *',
          handler: () => {
            ticks.push('noon');
            return Promise.resolve();
          },
        },
        {
          kind: 'timer',
          name: 'slow',
          schedule: '* * * * * *',
          handler: async () => {
            ticks.push('slow');
            await new Promise<void>((done) => (release = done));
          },
        },
        {
          kind: 'timer',
          name: 'closer here',
          schedule: '0 30 0 * * *',
          localSchedule: '2 0 12 * * *',
          handler: () => {
            ticks.push('closer here');
            return Promise.resolve();
          },
        },
      ]);
      await jest.advanceTimersByTimeAsync(5_000);
      expect(ticks).toEqual(['slow', 'noon', 'closer here']);
      release();
      await jest.advanceTimersByTimeAsync(2_000);
      expect(ticks).toEqual(['slow', 'noon', 'closer here', 'slow']);
      release();
    } finally {
      jest.useRealTimers();
    }
  });

  test('need six fields', async () => {
    await expect(
      start([
        { kind: 'timer', name: 'five', schedule: '* * * * *', handler: () => Promise.resolve() },
      ]),
    ).rejects.toThrow(/^timer five: expected a schedule of six fields/);
  });
});

test('a port that is taken is said so', async () => {
  const first = await start([]);
  await expect(
    startHost({
      functions: [],
      app: {} as App,
      settings: parseHostJson({ version: '2.0' }),
      port: first.port,
      lockMs: 1_000,
      log: () => undefined,
    }),
  ).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
