import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Sample, sliceOfServer, unfailing } from './arms.ts';
import { Child, fileOf } from './child.ts';
import { Latencies } from './latencies.ts';
import {
  type Build,
  load,
  type Project,
  register,
  routeTo,
  startProject,
  unload,
  withDataDir,
} from './project.ts';
import { writeRequest } from './request-file.ts';
import type { NeighbourResult, SwapResult } from './results.ts';
import { variant } from './variant.ts';
import { LARGE, type Workload } from './workloads.ts';

const CLIENTS = 8;
/** Of the slices that follow each other while a model loads. */
const SHORT_MS = 250;
const SWAP_AFTER_MS = 500;

export interface DisturbanceOptions {
  readonly workload: Workload;
  readonly modelsDir: string;
  readonly build: Build;
  readonly sliceMs: number;
  readonly say: (line: string) => void;
}

interface Disturbed {
  readonly project: Project;
  readonly model: Buffer<ArrayBuffer>;
  readonly slice: (ms: number) => Promise<Sample>;
}

/** Routing changes to a version that has never answered, while clients go on asking. */
export async function measureSwap(options: DisturbanceOptions): Promise<SwapResult> {
  const { workload, build, sliceMs, say } = options;
  say(`swap, ${workload.name}, ${build.name}`);
  return await underLoad(options, async ({ project: { port }, model, slice }) => {
    const version = await register(port, workload.name, variant(model, 'the next version'));
    await slice(sliceMs);
    const steady = await slice(sliceMs);
    const swapping = slice(SWAP_AFTER_MS + 2 * sliceMs);
    await pause(SWAP_AFTER_MS);
    await routeTo(port, workload.name, version);
    const swap = await swapping;
    return {
      subject: build.name,
      workload: workload.name,
      requests: swap.requests,
      failures: steady.failures + swap.failures,
      versions: swap.byHeader ?? {},
      steadyP99Ms: steady.latencies.quantile(0.99),
      swapP99Ms: swap.latencies.quantile(0.99),
    };
  });
}

/** A model of 90 MB is loaded, several times, while another one answers. */
export async function measureNeighbour(
  options: DisturbanceOptions & { readonly loads: number },
): Promise<NeighbourResult> {
  const { workload, modelsDir, build, sliceMs, say } = options;
  say(`a large model loads beside ${workload.name}, ${build.name}`);
  return await underLoad(options, async ({ project: { port }, slice }) => {
    await register(port, 'large', await readFile(join(modelsDir, LARGE.file)));
    await slice(sliceMs);
    const steady = await slice(sliceMs);
    const loadMs: number[] = [];
    const samples: Sample[] = [];
    for (let count = 0; count < options.loads; count++) {
      const begun = performance.now();
      const loading = load(port, 'large').then(() => loadMs.push(performance.now() - begun));
      // And one more: the other threads load it after the first.
      do samples.push(unfailing(await slice(SHORT_MS)));
      while (loadMs.length === count);
      samples.push(unfailing(await slice(SHORT_MS)));
      await loading;
      await unload(port, 'large');
    }
    return {
      subject: build.name,
      workload: workload.name,
      loadMs,
      steadyP99Ms: steady.latencies.quantile(0.99),
      loadP99Ms: Latencies.merged(samples.map(({ latencies }) => latencies)).quantile(0.99),
      loopP99Ms: samples.flatMap(({ loop }) => (loop ? [loop.p99Ms] : [])),
    };
  });
}

async function underLoad<Result>(
  { workload, modelsDir, build }: DisturbanceOptions,
  work: (disturbed: Disturbed) => Promise<Result>,
): Promise<Result> {
  return await withDataDir(async (folder) => {
    try {
      const project = await startProject({ build, dataDir: folder, probed: true });
      const model = await readFile(join(modelsDir, workload.file));
      await register(project.port, workload.name, Buffer.from(model));
      const generator = new Child({ file: fileOf('load') });
      const requestFile = await writeRequest(folder, workload.name, workload.inputs, 'binary');
      const slice = (ms: number) =>
        sliceOfServer(generator, project.child, {
          port: project.port,
          clients: CLIENTS,
          ms,
          requestFile,
          countBy: 'x-model-version',
        });
      return await work({ project, model: Buffer.from(model), slice });
    } finally {
      await Child.stopAll();
    }
  });
}
