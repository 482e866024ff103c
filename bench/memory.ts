import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Child, fileOf } from './child.ts';
import type { LoadResult } from './closed-loop.ts';
import { readMemory } from './process-reading.ts';
import {
  type Build,
  load,
  type Project,
  register,
  startProject,
  unload,
  withDataDir,
} from './project.ts';
import { writeRequest } from './request-file.ts';
import type { MemoryResult } from './results.ts';
import { spreadOf } from './spread.ts';
import { variant } from './variant.ts';
import { LARGE, type Workload, workload } from './workloads.ts';

const CLIENTS = 8;
/** Threads beside the first. */
const FURTHER = 2;
/** Small models that are loaded beside each other. */
const MODELS = 8;
/** As long as the models are in use and memory still changes by more than this, it is waited. */
const STEADY_BYTES = 500_000;
const LOOK_EVERY_MS = 500;
/** As the README advises for hosts that live long. */
const LONG_LIVED = {
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072',
  NODE_OPTIONS: '--max-semi-space-size=8',
};

export interface MemoryOptions {
  readonly modelsDir: string;
  readonly build: Build;
  readonly repetitions: number;
  readonly cycles: number;
  readonly say: (line: string) => void;
}

/** Private memory that models and further sessions take, and what cycles of loading leave behind. */
export async function measureMemory(options: MemoryOptions): Promise<MemoryResult> {
  const { build, say } = options;
  const largeOn = async (threads: number): Promise<number> => {
    say(`memory, ${build.name}: a large model on ${threads} threads`);
    return await withProject(options, { threads }, async (bench) => await growthByLarge(bench));
  };
  const first: number[] = [];
  const further: number[] = [];
  for (let repetition = 0; repetition < options.repetitions; repetition++) {
    const one = await largeOn(1);
    first.push(one);
    further.push(((await largeOn(1 + FURTHER)) - one) / FURTHER);
  }
  say(`memory, ${build.name}: ${MODELS} models`);
  const furtherModelBytes = await withProject(options, { threads: 2 }, growthByModels);
  say(`memory, ${build.name}: ${options.cycles} cycles`);
  const levels = await withProject(options, { threads: 2, env: LONG_LIVED }, (bench) =>
    cycle(bench, options.cycles),
  );
  return {
    subject: build.name,
    firstSessionBytes: first,
    furtherSessionBytes: further,
    furtherModelBytes,
    cycles: options.cycles,
    ...levels,
  };
}

interface Bench {
  readonly project: Project;
  readonly generator: Child;
  readonly folder: string;
  readonly modelsDir: string;
}

/** With a host that has answered requests for a small model already: the runtime is loaded. */
async function withProject<Result>(
  { build, modelsDir }: MemoryOptions,
  { threads, env }: { threads: number; env?: Readonly<Record<string, string>> },
  work: (bench: Bench) => Promise<Result>,
): Promise<Result> {
  return await withDataDir(async (folder) => {
    try {
      const project = await startProject({
        build,
        dataDir: folder,
        env: { PILOTLIGHT_VCPUS: String(threads), ...env },
      });
      const generator = new Child({ file: fileOf('load') });
      const bench = { project, generator, folder, modelsDir };
      const { file } = workload('cnn');
      await register(project.port, 'warm', await readFile(join(modelsDir, file)));
      await use(bench, 'warm', workload('cnn'));
      return await work(bench);
    } finally {
      await Child.stopAll();
    }
  });
}

async function growthByLarge(bench: Bench): Promise<number> {
  const { port } = bench.project;
  await register(port, 'large', await readFile(join(bench.modelsDir, LARGE.file)));
  const before = await steadyBytes(bench, 'warm', workload('cnn'));
  return (await steadyBytes(bench, 'large', LARGE)) - before;
}

async function growthByModels(bench: Bench): Promise<number> {
  const { port } = bench.project;
  const names = Array.from({ length: MODELS }, (_, index) => `further-${index}`);
  const model = await readFile(join(bench.modelsDir, workload('cnn').file));
  for (const name of names) await register(port, name, variant(model, name));
  const before = await steadyBytes(bench, 'warm', workload('cnn'));
  let after = before;
  for (const name of names) after = await steadyBytes(bench, name, workload('cnn'));
  return (after - before) / MODELS;
}

/** Levels, as garbage comes and goes: the middle of a twentieth of the cycles. */
async function cycle(
  { project }: Bench,
  cycles: number,
): Promise<Pick<MemoryResult, 'earlyResidentBytes' | 'lateResidentBytes'>> {
  const { child, port } = project;
  const samples: number[] = [];
  for (let done = 0; done < cycles; done++) {
    await load(port, 'warm');
    await unload(port, 'warm');
    samples.push((await readMemory(child.pid)).residentBytes);
  }
  const window = Math.ceil(cycles / 20);
  const level = (from: number) => spreadOf(samples.slice(from, from + window)).median;
  return {
    earlyResidentBytes: level(Math.min(window, cycles - window)),
    lateResidentBytes: level(cycles - window),
  };
}

/** Private memory once all threads have used the model. */
async function steadyBytes(
  bench: Bench,
  model: string,
  { inputs }: Pick<Workload, 'inputs'>,
): Promise<number> {
  const { pid } = bench.project.child;
  const level = async () => {
    await use(bench, model, { inputs });
    await pause(LOOK_EVERY_MS);
    return (await readMemory(pid)).privateBytes;
  };
  let [last, now] = [await level(), await level()];
  for (let looks = 0; Math.abs(now - last) > STEADY_BYTES && looks < 20; looks++) {
    [last, now] = [now, await level()];
  }
  return now;
}

async function use(
  { project, generator, folder }: Bench,
  model: string,
  { inputs }: Pick<Workload, 'inputs'>,
): Promise<void> {
  const requestFile = await writeRequest(folder, model, inputs, 'binary');
  await generator.ask<LoadResult>('slice', {
    port: project.port,
    clients: CLIENTS,
    ms: LOOK_EVERY_MS,
    requestFile,
  });
}
