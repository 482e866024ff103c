import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { functions } from '../functions/index.ts';
import { type HeldEmulators, holdEmulators } from '../local/emulator-client.ts';
import { all, copiesOf, parseDockerfile, type Stage } from './deploy/dockerfile.ts';
import {
  answering,
  closed,
  made,
  pinned,
  type Recipe,
  type RecipeExpectation,
} from './deploy/image.ts';
import { isSent } from './deploy/sent.ts';
import { startHost } from './journeys/running-host.ts';
import { FunctionsClient, told } from './stand-ins/functions-client.ts';
import { startFunctions } from './stand-ins/functions-process.ts';

/** Tracked, or about to be. */
const FILES = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' })
  .trim()
  .split('\n');
const RECIPE: Recipe = {
  dockerfile: readFileSync('Dockerfile', 'utf8'),
  ignore: readFileSync('.dockerignore', 'utf8'),
  scripts: (JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Recipe['scripts'] })
    .scripts,
  files: FILES,
};
const EXPECTATIONS = { pinned, made, closed, answering };

test.each(Object.entries(EXPECTATIONS))('images are %s', (_, expectation) => {
  expect(expectation(RECIPE)).toEqual([]);
});

describe('a fault is noticed:', () => {
  test.each<[string, RecipeExpectation, 'dockerfile' | 'ignore', RegExp | string, string]>([
    ['the newest image, whatever it is', pinned, 'dockerfile', ':22-bookworm-slim', ':latest'],
    ['an image without a version', pinned, 'dockerfile', ':4-node22', ''],
    ['a file that is not there', made, 'dockerfile', 'package-lock.json', 'yarn.lock'],
    ['a file that is not sent', made, 'ignore', '!.npmrc\n', ''],
    ['a script that is not there', made, 'dockerfile', 'npm run build', 'npm run compile'],
    ['a stage that is not there', made, 'dockerfile', '--from=build', '--from=builder'],
    ['everything is sent', closed, 'ignore', /^\*\n/m, ''],
    ['tests are sent', closed, 'ignore', '**/*.test.ts\n', ''],
    ['packages are sent', closed, 'ignore', '**/node_modules\n', ''],
    ['the Functions host is root', closed, 'dockerfile', 'USER 10001:10001\n', ''],
    ['the local host is root', closed, 'dockerfile', 'USER node\n', 'USER root\n'],
    ['a key', closed, 'dockerfile', 'DATA_DIR=/data', 'ACCOUNT_KEY=abc'],
    ['another port', answering, 'dockerfile', 'EXPOSE 8080', 'EXPOSE 80'],
    ['another health', answering, 'dockerfile', '7071/v2/health/ready', '7071/health'],
    ['a health that needs a key', answering, 'dockerfile', '8080/v2/health/ready', '8080/v2'],
    ['memory is kept', answering, 'dockerfile', /MALLOC_TRIM_THRESHOLD_=\d+/, 'MALLOC=1'],
  ])('%s', (_, ...[expectation, file, piece, instead]) => {
    const faulty = RECIPE[file].replace(piece, instead);
    expect(faulty).not.toBe(RECIPE[file]);
    expect(expectation({ ...RECIPE, [file]: faulty })).not.toEqual([]);
  });
});

// What the builder does, without one: the same commands on what it is sent.
describe('built as the Dockerfile says,', () => {
  let folder: string;
  let source: string;
  let emulators: HeldEmulators;
  const stages = new Map(parseDockerfile(RECIPE.dockerfile).map((one) => [one.name, one]));
  const stage = (name: string): Stage => {
    const found = stages.get(name);
    if (!found) throw new Error(`the Dockerfile has no stage ${name}`);
    return found;
  };

  /** What the image holds of the built, in a folder. */
  async function image(name: string): Promise<string> {
    const root = join(folder, name);
    const workdir = all(stage(name), 'WORKDIR').at(-1) ?? '/';
    for (const { from, sources, target } of copiesOf(stage(name))) {
      if (from !== 'build') continue;
      const into = join(root, resolve(workdir, target));
      await mkdir(into, { recursive: true });
      for (const one of sources) {
        execFileSync('cp', ['-R', `${join(source, one.replace(/^\/src\//, ''))}/.`, into]);
      }
    }
    return root;
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pilotlight-image-'));
    source = join(folder, 'src');
    for (const file of FILES.filter((one) => isSent(RECIPE.ignore, one) && existsSync(one))) {
      await mkdir(join(source, dirname(file)), { recursive: true });
      await copyFile(file, join(source, file));
    }
    for (const command of all(stage('build'), 'RUN')) {
      // What it would install is here.
      if (command === 'npm ci')
        await symlink(resolve('node_modules'), join(source, 'node_modules'));
      else execFileSync('sh', ['-c', command], { cwd: source, stdio: 'pipe' });
    }
    const entry = join(process.env.PILOTLIGHT_TEST_DIST ?? '', 'emulators.mjs');
    emulators = await holdEmulators({ folder: join(folder, 'emulators'), entry });
  });
  afterAll(async () => {
    await emulators.end();
    await rm(folder, { recursive: true, force: true });
  });

  const settings = (scratch: string): Record<string, string> => ({
    PILOTLIGHT_STORAGE: emulators.storage,
    PILOTLIGHT_COSMOS: emulators.cosmos,
    PILOTLIGHT_SCRATCH_DIR: join(folder, scratch),
    PILOTLIGHT_VCPUS: '1',
  });

  test('the image for the Functions host has every function, and is ready', async () => {
    const app = join(await image('functions'), 'home/site/wwwroot');
    const { main } = JSON.parse(await readFile(join(app, 'package.json'), 'utf8')) as {
      main: string;
    };
    const worker = await startFunctions({ main: join(app, main), cwd: app, env: settings('a') });
    try {
      const registered = (await worker.ask({ do: 'list' })) as { name: string }[];
      expect(registered.map(({ name }) => name)).toEqual(functions.map(({ name }) => name));
      const client = new FunctionsClient(worker, emulators.storage);
      expect(told(await client.call('GET', 'v2/health/ready'))).toEqual({
        status: 200,
        json: { ready: true },
      });
    } finally {
      await worker.stop();
    }
  });

  test('the image for the local host is ready', async () => {
    const app = join(await image('local'), 'app');
    const command = JSON.parse(all(stage('local'), 'CMD').join()) as string[];
    expect(command).toContain('dist/local.mjs');
    const host = await startHost({
      dist: join(app, 'dist'),
      args: [...command.slice(command.indexOf('dist/local.mjs') + 1), '--port', '0'],
      dataDir: join(folder, 'data'),
      env: settings('b'),
    });
    try {
      const answer = await fetch(`${host.url}/v2/health/ready`);
      expect([answer.status, await answer.json()]).toEqual([200, { ready: true }]);
      // It listens to the network.
      expect((await fetch(`${host.url}/models`)).status).toBe(401);
      const key = await readFile(join(folder, 'data/keys/scorer'), 'utf8');
      const headers = { 'x-functions-key': key.trim() };
      expect((await fetch(`${host.url}/models`, { headers })).status).toBe(200);
    } finally {
      await host.stop();
    }
  });
});
