import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  int64s,
  modelBytes,
  node,
  PLAIN,
  sequenceValue,
  T,
  tensorType,
  tensorValue,
} from '../../../test/model-maker.ts';
import { createInspector, type InspectorOptions } from './inspector.ts';

const examinerFile = join(process.env['PILOTLIGHT_TEST_DIST'] ?? '', 'examiner.mjs');
const limits = {
  timeoutMs: 20_000,
  evaluationTimeoutMs: 60_000,
  memoryBytes: 1_000_000_000,
};
const inspector = createInspector({ examinerFile, ...limits });
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inspector-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function file(name: string, content: Uint8Array | string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

/** A model alone: nothing is said of it, nothing beside it. */
const bare = (path: string) => ({ file: path, card: {} });

describe('good models', () => {
  test('digits: signature, facts and times', async () => {
    const found = await inspector.inspect(bare('models/digits/model.onnx'));
    expect(found).toMatchObject({
      ok: true,
      signature: {
        inputs: [{ name: 'image', datatype: 'FP32', shape: [-1, 1, 8, 8] }],
        outputs: [
          { name: 'label', datatype: 'INT64', shape: [-1] },
          { name: 'probabilities', datatype: 'FP32', shape: [-1, 10] },
        ],
      },
      facts: { quantized: 'static', nodes: 30 },
      warnings: [],
      loadMs: expect.any(Number),
      runMs: expect.any(Number),
    });
  });

  test.each(['breast-cancer', 'fashion', 'churn'])('%s runs on generated input', async (name) => {
    expect(await inspector.inspect(bare(`models/${name}/model.onnx`))).toMatchObject({
      ok: true,
      warnings: [],
      runMs: expect.any(Number),
    });
  });

  test('the runtime’s inference fills in what the graph leaves open', async () => {
    const open = await file(
      'open.onnx',
      modelBytes({
        ...PLAIN,
        output: [{ name: 'y' }, tensorValue('i', T.INT64, ['m', 'n'])],
        node: [
          node('Relu', ['x'], ['y']),
          node('Shape', ['x'], ['s']),
          node('Unsqueeze', ['s', 'axis'], ['i']),
        ],
        initializer: [int64s('axis', [1], [0])],
      }),
    );
    expect(await inspector.inspect(bare(open))).toMatchObject({
      ok: true,
      signature: {
        outputs: [
          { name: 'y', datatype: 'FP32', shape: [-1, 2] },
          { name: 'i', datatype: 'INT64', shape: [1, 2] },
        ],
      },
    });
  });

  test('a sequence beside a tensor: the tensor alone is served, and runs', async () => {
    const mixed = await file(
      'mixed.onnx',
      modelBytes({
        ...PLAIN,
        node: [node('Identity', ['x'], ['y']), node('SequenceConstruct', ['x'], ['s'])],
        output: [sequenceValue('s', tensorType(T.FLOAT)), tensorValue('y', T.FLOAT, ['n', 2])],
      }),
    );
    expect(await inspector.inspect(bare(mixed))).toMatchObject({
      ok: true,
      signature: { outputs: [{ name: 'y' }] },
      warnings: [expect.stringMatching(/"s": is seq\(tensor\(FLOAT\)\).*not served/)],
      runMs: expect.any(Number),
    });
  });

  test('a failed run on generated input is a warning that names the input', async () => {
    const picky = await file(
      'picky.onnx',
      modelBytes({
        input: [tensorValue('x', T.FLOAT, [2, 3]), tensorValue('to', T.INT64, [1])],
        output: [tensorValue('y', T.FLOAT)],
        node: [node('Reshape', ['x', 'to'], ['y'])],
      }),
    );
    const found = await inspector.inspect(bare(picky));
    expect(found).toMatchObject({
      ok: true,
      warnings: [
        expect.stringMatching(/generated input.*"to" INT64 \[1\].*failed; it may do well/),
      ],
    });
    expect(found).not.toHaveProperty('runMs');
  });

  test('an input too large to make up is not run', async () => {
    const vast = await file(
      'vast.onnx',
      modelBytes({ ...PLAIN, input: [tensorValue('x', T.FLOAT, [2 ** 40, 2])] }),
    );
    expect(await inspector.inspect(bare(vast))).toMatchObject({
      ok: true,
      warnings: [expect.stringMatching(/not run .*"x", FP32 \[1099511627776,2\]/)],
    });
  });
});

describe('models that the runtime refuses', () => {
  test.each<[string, Uint8Array, RegExp]>([
    [
      'an operator that does not exist',
      modelBytes({ ...PLAIN, node: [node('Warp', ['x'], ['y'])] }),
      /^onnxruntime can't load it: .*Warp/,
    ],
    [
      'an opset of the future',
      modelBytes(PLAIN, { opsetImport: [{ domain: '', version: 9_999n }] }),
      /^onnxruntime can't load it: .*[Oo]pset/,
    ],
    [
      'a format of the future',
      modelBytes(PLAIN, { irVersion: 9_999n }),
      /^onnxruntime can't load it: .*IR version/,
    ],
    [
      'an output that turns out to be BFLOAT16',
      modelBytes({
        ...PLAIN,
        node: [node('Cast', ['x'], ['y'], { attribute: [{ name: 'to', type: 2, i: 16n }] })],
        output: [{ name: 'y' }],
      }),
      /an input or output is BFLOAT16, which can't be sent; put a Cast/,
    ],
    [
      'an output that turns out to be a sequence',
      modelBytes({
        ...PLAIN,
        node: [node('SequenceConstruct', ['x'], ['y'])],
        output: [{ name: 'y' }],
      }),
      /none of its outputs is a tensor .*"y"/,
    ],
  ])('%s', async (_, bytes, expected) => {
    const path = await file('refused.onnx', bytes);
    const found = await inspector.inspect(bare(path));
    expect(found).toMatchObject({ ok: false, reasons: [expect.stringMatching(expected)] });
    expect(found).toHaveProperty('facts.irVersion');
    expect(JSON.stringify(found)).not.toContain(folder);
  });
});

let standIns = 0;

/** Stands in for the examining process: plain JavaScript that gets the order as `order`. */
async function standIn(source: string, more: Partial<InspectorOptions> = {}) {
  const stand = await file(
    `stand-in-${(standIns += 1)}.mjs`,
    `import { writeFileSync, readdirSync } from 'node:fs';
     process.once('message', (order) => { ${source} });`,
  );
  return createInspector({ examinerFile: stand, ...limits, ...more }).inspect(bare('package.json'));
}
const PHASE = "process.send({ kind: 'phase', phase: 'running' });";

describe('the process', () => {
  test('a crash is told by its signal, what the process did then, and its last words', async () => {
    const found = await standIn(
      `${PHASE} process.stderr.write('first\\nterminate \\u001b[31mcalled', () => process.kill(process.pid, 'SIGSEGV'));`,
    );
    expect(found).toEqual({
      ok: false,
      reasons: [
        'it crashed the process that examined it (SIGSEGV) while it ran once on generated input: terminate  [31mcalled',
      ],
    });
  });

  test('an exit in the middle is a crash too', async () => {
    expect(await standIn(`${PHASE} setTimeout(() => process.exit(7), 20);`)).toMatchObject({
      ok: false,
      reasons: [expect.stringMatching(/exit code 7/)],
    });
  });

  test('facts that were read outlive a crash', async () => {
    const facts = {
      irVersion: 8,
      producer: '',
      opsets: {},
      operators: {},
      nodes: 1,
      parameters: 0,
      parameterBytes: 0,
      quantized: 'no',
    };
    const found = await standIn(
      `process.send({ kind: 'facts', facts: ${JSON.stringify(facts)} }, () => process.abort());`,
    );
    expect(found).toMatchObject({ ok: false, facts });
  });

  test('has none of this process’s secrets in its environment', async () => {
    process.env['SECRET_FOR_TEST'] = 'hidden';
    const found = standIn(
      "process.send({ kind: 'failed', detail: Object.keys(process.env).join() });",
    );
    await expect(found).rejects.toThrow(/\bPATH\b/);
    await expect(found).rejects.not.toThrow(/SECRET_FOR_TEST/);
    delete process.env['SECRET_FOR_TEST'];
  });

  test.each([
    ['a kill by somebody else', `${PHASE} process.kill(process.pid, 'SIGKILL');`, /SIGKILL/],
    ['an exit before it began', 'process.exit(3);', /exit code 3/],
    [
      'what it reports as its own failure',
      "process.send({ kind: 'failed', detail: 'no disk' });",
      /no disk/,
    ],
    [
      'an answer that is none',
      "process.send({ kind: 'examined', inspection: { ok: true } });",
      /failed: .*signature/s,
    ],
  ])('says nothing about the model, and may be tried again: %s', async (_, source, expected) => {
    await expect(standIn(source)).rejects.toThrow(expected);
  });

  test('no examiner, and no file to examine', async () => {
    const none = createInspector({ examinerFile: join(folder, 'absent.mjs'), ...limits });
    await expect(none.inspect(bare('package.json'))).rejects.toThrow(/absent\.mjs|exit code 1/);
    await expect(inspector.inspect(bare(join(folder, 'absent.onnx')))).rejects.toThrow(/ENOENT/);
  });

  test('one that only waits is stopped by the clock, and the model not blamed', async () => {
    // Of a shorter limit, the start of the process alone may take the part that blames the model.
    await expect(standIn('setInterval(() => {}, 1000);', { timeoutMs: 1_000 })).rejects.toThrow(
      /too little CPU/,
    );
  });

  test('one that works too long is stopped, and the model blamed', async () => {
    expect(await standIn('for (;;);', { timeoutMs: 300 })).toMatchObject({
      ok: false,
      reasons: [expect.stringMatching(/took more than 300 ms before it was read/)],
    });
  });

  test('all are gone when their inspections are', async () => {
    const before = await children();
    await Promise.all([
      inspector.inspect(bare('models/digits/model.onnx')),
      standIn(`${PHASE} for (;;);`, { timeoutMs: 300 }),
      standIn(`${PHASE} process.abort();`),
    ]);
    expect(await children()).toEqual(before);
  });

  test('no more than the set number work at once', async () => {
    const log = join(folder, 'at-work');
    await rm(log, { recursive: true, force: true });
    const stand = await file(
      'counting.mjs',
      `import { mkdirSync, readdirSync, rmdirSync } from 'node:fs';
       process.once('message', () => {
         const mine = ${JSON.stringify(log)} + '/' + process.pid;
         mkdirSync(mine, { recursive: true });
         setTimeout(() => {
           const many = readdirSync(${JSON.stringify(log)}).length;
           rmdirSync(mine);
           process.send({ kind: 'examined', inspection: { ok: false, reasons: [String(many)] } });
         }, 50);
       });`,
    );
    const two = createInspector({ examinerFile: stand, ...limits, concurrency: 2 });
    const found = await Promise.all(
      Array.from({ length: 8 }, () => two.inspect(bare('package.json'))),
    );
    const seen = found.map((inspection) => (inspection.ok ? '' : inspection.reasons[0]));
    expect(seen).toHaveLength(8);
    expect(new Set(seen)).not.toContain('3');
    expect(seen.every((many) => many === '1' || many === '2')).toBe(true);
  });
});

/** Processes that this one started and that still are, by id. */
function children(): Promise<string[]> {
  return new Promise((resolve) => {
    execFile('pgrep', ['-P', String(process.pid)], (_, stdout) => {
      resolve(stdout.split('\n').filter((pid) => pid !== ''));
    });
  });
}
