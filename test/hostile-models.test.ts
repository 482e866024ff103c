import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createInspector } from '../shared/adapters/onnx/inspector.ts';
import type { Inspection } from '../shared/ports/inspection.ts';
import {
  type Attribute,
  type Function,
  floats,
  type Graph,
  graphAttribute,
  int,
  int64s,
  ints,
  modelBytes,
  nestedMessages,
  node,
  PLAIN,
  strings,
  T,
  tensorValue,
} from './model-maker.ts';

// Models that want to harm the process that opens them. Each must end as rejected, for a reason that
// can be told, while this process goes on as if nothing had happened.

const examinerFile = join(process.env['PILOTLIGHT_TEST_DIST'] ?? '', 'examiner.mjs');
const limits = { examinerFile, evaluationTimeoutMs: 5_000, memoryBytes: 700_000_000 };
const inspector = createInspector({ ...limits, timeoutMs: 5_000 });
/** For what ends by itself, however busy the machine is. */
const patient = createInspector({ ...limits, timeoutMs: 60_000 });
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hostile-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** Examines bytes, and sees to it that this process could work on meanwhile and has no child left. */
async function examine(bytes: Uint8Array, by = inspector): Promise<Inspection> {
  const path = join(folder, 'hostile.onnx');
  await writeFile(path, bytes);
  const before = await children();
  let ticks = 0;
  const begun = performance.now();
  const timer = setInterval(() => (ticks += 1), 5);
  const found = await by.inspect({ file: path, card: {} });
  clearInterval(timer);
  // A hundredth of what an idle machine gives it; some are examined within a few ticks.
  expect(ticks).toBeGreaterThan((performance.now() - begun) / 500);
  const left = (await children()).filter((pid) => !before.includes(pid));
  expect(left).toEqual([]);
  return found;
}

async function expectRejected(bytes: Uint8Array, reason: RegExp, by = inspector): Promise<void> {
  expect(await examine(bytes, by)).toMatchObject({
    ok: false,
    reasons: [expect.stringMatching(reason)],
  });
}

const X = tensorValue('x', T.FLOAT, ['n', 2]);
const Y = tensorValue('y', T.FLOAT);

/** A Loop whose condition stays true, and whose trip count no machine reaches. */
const ENDLESS = modelBytes({
  input: [tensorValue('x', T.FLOAT, [1])],
  output: [tensorValue('y', T.FLOAT, [1])],
  initializer: [
    int64s('most', [], [2n ** 63n - 1n]),
    { name: 'go', dataType: T.BOOL, dims: [], int32Data: [1] },
  ],
  node: [
    node('Loop', ['most', 'go', 'x'], ['y'], {
      attribute: [
        graphAttribute('body', {
          input: [
            tensorValue('i', T.INT64, []),
            tensorValue('c', T.BOOL, []),
            tensorValue('v', T.FLOAT),
          ],
          output: [tensorValue('d', T.BOOL, []), tensorValue('w', T.FLOAT)],
          node: [node('Identity', ['c'], ['d']), node('Identity', ['v'], ['w'])],
        }),
      ],
    }),
  ],
});

describe('takes time or memory', () => {
  test('an endless Loop', async () => {
    await expectRejected(
      ENDLESS,
      /^it took more than 5000 ms while it ran once on generated input/,
    );
  });

  test('2^40 floats while it is loaded', async () => {
    await expectRejected(
      modelBytes({
        output: [Y],
        initializer: [int64s('s', [1], [2n ** 40n])],
        node: [node('ConstantOfShape', ['s'], ['y'])],
      }),
      /memory/,
      patient,
    );
  });

  const grownFrom = (factor: bigint): Graph => ({
    input: [tensorValue('x', T.INT64, [1])],
    output: [Y],
    initializer: [int64s('f', [1], [factor])],
    node: [node('Mul', ['x', 'f'], ['s']), node('ConstantOfShape', ['s'], ['y'])],
  });
  test('2^40 floats while it runs', async () => {
    await expectRejected(
      modelBytes(grownFrom(2n ** 40n)),
      /asked for more memory than there is/,
      patient,
    );
  });

  test('memory that the system would give, beyond the limit', async () => {
    await expectRejected(
      modelBytes(grownFrom(2n ** 31n)),
      /^it took \d+ MB of memory while it ran .*expected at most 700 MB|asked for more memory/,
      patient,
    );
  });

  test('functions that call each other twice, forty deep: 2^40 nodes', async () => {
    await expectRejected(chainOfFunctions(40, 2), /^it took .* while onnxruntime loaded it/);
  });

  test('a few bytes that become many objects', async () => {
    // GraphProto.node, of length 0, thirty million times.
    const nodes = new Uint8Array(60_000_000);
    for (let i = 0; i < nodes.length; i += 2) nodes[i] = 0x0a;
    const head = [0x3a];
    for (let length = nodes.length; ; length >>>= 7) {
      head.push(length > 127 ? (length & 127) | 128 : length);
      if (length <= 127) break;
    }
    const bytes = new Uint8Array(head.length + nodes.length);
    bytes.set(head);
    bytes.set(nodes, head.length);
    await expectRejected(
      bytes,
      /^(it took (.* of memory|more than \d+ ms) while its protobuf was read|reading it takes more memory)/,
    );
  });
});

describe('crashes the runtime', () => {
  test('functions that call each other, many thousand deep: the stack overflows', async () => {
    await expectRejected(
      chainOfFunctions(20_000, 1),
      /^it crashed the process that examined it \(SIG(SEGV|BUS|ABRT)\) while onnxruntime loaded it/,
      patient,
    );
  });

  test('a decision tree that is a hundred thousand levels deep', async () => {
    await expectRejected(
      deepTree(100_000),
      /^it crashed the process that examined it \(SIG(SEGV|BUS|ABRT)\)/,
      patient,
    );
  });

  test('a function that calls itself', async () => {
    await expectRejected(
      modelBytes(
        { input: [X], output: [Y], node: [node('F', ['x'], ['y'], { domain: 'my' })] },
        {
          opsetImport: [
            { domain: '', version: 17n },
            { domain: 'my', version: 1n },
          ],
          functions: [functionCalling('F', 'F', 1)],
        },
      ),
      /onnxruntime can't load it|crashed/,
    );
  });
});

describe('lies about itself', () => {
  test('data in a file of this machine', async () => {
    await expectRejected(
      modelBytes({
        ...PLAIN,
        initializer: [
          {
            name: 'w',
            dataType: T.UINT8,
            dims: [16n],
            dataLocation: 1,
            externalData: [{ key: 'location', value: '../../../../etc/passwd' }],
          },
        ],
      }),
      /another file \("\.\.\/\.\.\/\.\.\/\.\.\/etc\/passwd"\)/,
    );
  });

  test('a tensor that is smaller than it says', async () => {
    await expectRejected(
      modelBytes({
        ...PLAIN,
        initializer: [
          { name: 'w', dataType: T.FLOAT, dims: [1024n, 1024n], rawData: new Uint8Array(8) },
        ],
      }),
      /holds 8 bytes; FLOAT \[1024,1024\] takes 4194304/,
    );
  });

  test('dimensions whose product overflows 64 bits to a size that fits', async () => {
    await expectRejected(
      modelBytes({
        ...PLAIN,
        initializer: [
          { name: 'w', dataType: T.FLOAT, dims: [2n ** 62n, 4n], rawData: new Uint8Array() },
        ],
      }),
      /holds 0 values; FLOAT \[4611686018427387904,4\] takes 18446744073709551616/,
    );
  });

  test('ten thousand levels of If', async () => {
    // ModelProto.graph › node › attribute › g › node …
    const fields = [7, ...Array.from({ length: 30_000 }, (_, i) => [1, 5, 6][i % 3] ?? 1)];
    await expectRejected(nestedMessages(fields), /maximum recursion depth of 100/);
  });

  test('an empty file', () => expectRejected(new Uint8Array(), /the file is empty/));

  test('random bytes', async () => {
    const random = randomBytes(7);
    for (const length of [1, 16, 1_000, 100_000]) {
      const found = await examine(Uint8Array.from({ length }, random));
      expect(found).toMatchObject({
        ok: false,
        reasons: [expect.stringMatching(/not an ONNX model/)],
      });
    }
  });

  test('a model that is cut short', async () => {
    const whole = readFileSync('models/digits/model.onnx');
    for (const part of [0.001, 0.1, 0.5, 0.9, 0.99]) {
      const found = await examine(whole.subarray(0, Math.floor(whole.length * part)));
      expect(found).toMatchObject({ ok: false });
    }
  });

  test('a model with bytes changed is rejected or works, and harms nobody', async () => {
    const whole = readFileSync('models/breast-cancer/model.onnx');
    const random = randomBytes(11);
    for (let trial = 0; trial < 12; trial += 1) {
      const spoilt = Uint8Array.from(whole);
      for (let i = 0; i < 8; i += 1) spoilt[(random() * 256 + random()) % whole.length] = random();
      const found = await examine(spoilt);
      if (!found.ok) expect(found.reasons.join()).not.toBe('');
    }
  });
});

test('good models are examined right after hostile ones', async () => {
  const endless = expectRejected(ENDLESS, /took more than/);
  const found = await inspector.inspect({ file: 'models/digits/model.onnx', card: {} });
  expect(found).toMatchObject({ ok: true, warnings: [] });
  await endless;
});

test('when this process is killed, the examining one ends too, stuck as it is', async () => {
  const path = join(folder, 'endless.onnx');
  await writeFile(path, ENDLESS);
  const parentFile = join(folder, 'parent.mjs');
  await writeFile(
    parentFile,
    `import { fork } from 'node:child_process';
     const child = fork(${JSON.stringify(examinerFile)}, { stdio: 'ignore', detached: true });
     child.on('message', ({ phase }) => { if (phase === 'running') process.send(child.pid); });
     child.send({ subject: { file: ${JSON.stringify(path)}, card: {} }, memoryBytes: 1e9, evaluationMs: 1e3 });`,
  );
  const parent = fork(parentFile, { stdio: 'ignore', execArgv: [] });
  const [examiner] = (await once(parent, 'message')) as [number];
  expect(isAlive(examiner)).toBe(true);
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  const patience = Date.now() + 30_000;
  while (isAlive(examiner) && Date.now() < patience) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const survived = isAlive(examiner);
  if (survived) process.kill(examiner, 'SIGKILL');
  expect(survived).toBe(false);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Model-local functions F0 … F{depth}, each calling the next `times` times in a row. */
function chainOfFunctions(depth: number, times: number): Uint8Array {
  const functions = Array.from({ length: depth }, (_, i) =>
    functionCalling(`F${i}`, `F${i + 1}`, times),
  );
  const last: Function = {
    ...functionCalling(`F${depth}`, '', 0),
    node: [node('Relu', ['a'], ['b'])],
  };
  return modelBytes(
    { input: [X], output: [Y], node: [node('F0', ['x'], ['y'], { domain: 'my' })] },
    {
      opsetImport: [
        { domain: '', version: 17n },
        { domain: 'my', version: 1n },
      ],
      functions: [...functions, last],
    },
  );
}

function functionCalling(name: string, callee: string, times: number): Function {
  return {
    domain: 'my',
    name,
    input: ['a'],
    output: ['b'],
    opsetImport: [
      { domain: '', version: 17n },
      { domain: 'my', version: 1n },
    ],
    node: Array.from({ length: times }, (_, i) =>
      node(callee, [i === 0 ? 'a' : `t${i}`], [i === times - 1 ? 'b' : `t${i + 1}`], {
        domain: 'my',
      }),
    ),
  };
}

const BRANCH = new TextEncoder().encode('BRANCH_LEQ');
const LEAF = new TextEncoder().encode('LEAF');

/** Every node's true branch is the next node, its false branch a leaf. */
function deepTree(depth: number): Uint8Array {
  const count = 2 * depth + 1;
  const isBranch = (i: number) => i < depth;
  /** An attribute of a number for each node; too many to be arguments of a function. */
  const each = (name: string, value: (i: number) => number, from = 0): Attribute => {
    const values = Array.from({ length: count - from }, (_, i) => value(from + i));
    return name === 'nodes_values' || name === 'target_weights'
      ? { ...floats(name), floats: values }
      : { ...ints(name), ints: values.map(BigInt) };
  };
  const modes = Array.from({ length: count }, (_, i) => (isBranch(i) ? BRANCH : LEAF));
  return modelBytes({
    input: [X],
    output: [Y],
    node: [
      node('TreeEnsembleRegressor', ['x'], ['y'], {
        domain: 'ai.onnx.ml',
        attribute: [
          int('n_targets', 1),
          each('nodes_treeids', () => 0),
          each('nodes_nodeids', (i) => i),
          each('nodes_featureids', () => 0),
          each('nodes_values', () => 0),
          { ...strings('nodes_modes'), strings: modes },
          each('nodes_truenodeids', (i) => (isBranch(i) ? i + 1 : 0)),
          each('nodes_falsenodeids', (i) => (isBranch(i) ? depth + 1 + i : 0)),
          each('target_treeids', () => 0, depth),
          each('target_nodeids', (i) => i, depth),
          each('target_ids', () => 0, depth),
          each('target_weights', () => 1, depth),
        ],
      }),
    ],
  });
}

/** Bytes from a seed (a linear congruential generator, Numerical Recipes' constants). */
function randomBytes(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  };
}

/** Processes that this one started and that still are, by id. */
function children(): Promise<string[]> {
  return new Promise((resolve) => {
    execFile('pgrep', ['-P', String(process.pid)], (_, stdout) => {
      resolve(stdout.split('\n').filter((pid) => pid !== ''));
    });
  });
}
