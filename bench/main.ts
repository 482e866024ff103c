import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../shared/errors.ts';
import { buildRevision, buildTree } from './builds.ts';
import { Child } from './child.ts';
import { measureNeighbour, measureSwap } from './disturbance.ts';
import { describeMachine } from './machine.ts';
import { measureMemory } from './memory.ts';
import { type Options, type Part, parseOptions, USAGE } from './options.ts';
import { picture } from './picture.ts';
import type { Build } from './project.ts';
import { report } from './report.ts';
import type { Results } from './results.ts';
import { measureStarts } from './start.ts';
import { measureThroughput } from './throughput.ts';
import { LARGE, WORKLOADS, workload } from './workloads.ts';

const MODELS_DIR = 'out/bench/models';
const RESULTS_FILE = 'out/bench/results.json';
const PICTURE_FILE = 'docs/bench.svg';
const LOADS = 5;

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (!options) {
    process.stdout.write(USAGE);
    return;
  }
  for (const { file } of [...WORKLOADS, LARGE]) {
    if (existsSync(join(MODELS_DIR, file))) continue;
    throw new Error(`${join(MODELS_DIR, file)} is not there; \`npm run bench:models\` builds it`);
  }
  const folder = await mkdtemp(join(tmpdir(), 'pilotlight-bench-builds-'));
  try {
    const builds = [await buildTree()];
    if (options.compare) builds.push(await buildRevision(options.compare, folder));
    const results = await measure(options, builds);
    await mkdir('out/bench', { recursive: true });
    await writeFile(RESULTS_FILE, `${JSON.stringify(results, null, 2)}\n`);
    process.stdout.write(`${report(results)}\n`);
    if (options.svg) await writeFile(PICTURE_FILE, picture(results));
  } finally {
    await Child.stopAll();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(options: Options, builds: readonly Build[]): Promise<Results> {
  const common = { modelsDir: MODELS_DIR, say };
  const { rounds, sliceMs, cycles, repetitions } = options;
  const machine = await describeMachine();
  const throughput = await inTurn(options.workloads, async (name) =>
    measureThroughput({ ...common, workload: workload(name), builds, rounds, sliceMs }),
  );
  const part = async <Result>(name: Part, work: () => Promise<Result[]>) =>
    options.parts.includes(name) ? await work() : [];
  const ofBuilds = async <Result>(work: (build: Build) => Promise<Result>) =>
    await inTurn(builds, async (build) => [await work(build)]);
  const cnn = workload('cnn');
  return {
    machine,
    settings: { rounds, sliceMs },
    throughput,
    starts: await part('start', async () =>
      inTurn([cnn, { ...LARGE, name: 'text-fp32' }], async (started) =>
        measureStarts({ ...common, workload: started, builds, repetitions }),
      ),
    ),
    memory: await part('memory', async () =>
      ofBuilds(async (build) =>
        measureMemory({ ...common, build, cycles, repetitions: Math.ceil(repetitions / 4) }),
      ),
    ),
    swaps: await part('swap', async () =>
      ofBuilds(async (build) => measureSwap({ ...common, workload: cnn, build, sliceMs })),
    ),
    neighbours: await part('neighbour', async () =>
      ofBuilds(async (build) =>
        measureNeighbour({ ...common, workload: cnn, build, sliceMs, loads: LOADS }),
      ),
    ),
  };
}

async function inTurn<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<readonly Result[]>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) results.push(...(await work(item)));
  return results;
}

process.on('SIGINT', () => {
  Child.interrupt();
});
process.on('SIGTERM', () => {
  Child.interrupt();
});
try {
  await main();
} catch (error) {
  process.stderr.write(`error: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
