import { messageOf } from '../shared/errors.ts';
import { measureNeighbour, measureSwap } from './disturbance.ts';
import { measureMemory } from './memory.ts';
import type { Options, Part } from './options.ts';
import type { Build } from './project.ts';
import type { Machine, Results } from './results.ts';
import { measureStarts } from './start.ts';
import { measureTelemetry } from './telemetry.ts';
import { measureThroughput } from './throughput.ts';
import { LARGE, workload } from './workloads.ts';

const LOADS = 5;
/** A few percent are to be told from chance. */
const TELEMETRY_ROUNDS = 16;

type Measured = Omit<Results, 'machine' | 'settings' | 'failed'>;

/** A part of a run that can fail alone. */
interface Step {
  readonly name: string;
  readonly measure: () => Promise<Partial<Measured>>;
}

export interface MeasurementOptions {
  readonly options: Options;
  readonly machine: Machine;
  /** Ours first. */
  readonly builds: readonly [Build, ...Build[]];
  readonly modelsDir: string;
  readonly say: (line: string) => void;
  /** Hears of everything found so far after each step. */
  readonly found: (results: Results) => Promise<void>;
}

/** Measures what was asked for, step by step; a step that fails leaves its reason. */
export async function measure(settings: MeasurementOptions): Promise<Results> {
  const { options, machine, say, found } = settings;
  const { rounds, sliceMs } = options;
  let results: Results = {
    machine,
    settings: { rounds, sliceMs },
    throughput: [],
    starts: [],
    memory: [],
    swaps: [],
    neighbours: [],
    failed: [],
  };
  for (const step of stepsOf(settings)) {
    try {
      results = together(results, await step.measure());
    } catch (error) {
      const why = `${step.name}: ${messageOf(error)}`;
      say(`error: ${why}`);
      results = { ...results, failed: [...results.failed, why] };
    }
    await found(results);
  }
  return results;
}

function stepsOf({ options, builds, modelsDir, say }: MeasurementOptions): Step[] {
  const { rounds, sliceMs, cycles, repetitions } = options;
  const common = { modelsDir, say };
  const cnn = workload('cnn');
  const [ours] = builds;
  const large = { ...LARGE, name: 'text-fp32' };
  const part = (name: Part, steps: readonly Step[]) => (options.parts.includes(name) ? steps : []);
  const ofBuilds = (name: string, work: (build: Build) => Promise<Partial<Measured>>): Step[] =>
    builds.map((build) => ({ name: `${name}, ${build.name}`, measure: () => work(build) }));
  return [
    ...options.workloads.map((name) => ({
      name,
      measure: async () => ({
        throughput: await measureThroughput({
          ...common,
          workload: workload(name),
          builds,
          rounds,
          sliceMs,
        }),
      }),
    })),
    ...part(
      'start',
      [cnn, large].map((started) => ({
        name: `start, ${started.name}`,
        measure: async () => ({
          starts: await measureStarts({ ...common, workload: started, builds, repetitions }),
        }),
      })),
    ),
    ...part(
      'memory',
      ofBuilds('memory', async (build) => ({
        memory: [
          await measureMemory({
            ...common,
            build,
            cycles,
            repetitions: Math.ceil(repetitions / 4),
          }),
        ],
      })),
    ),
    ...part(
      'swap',
      ofBuilds('swap', async (build) => ({
        swaps: [await measureSwap({ ...common, workload: cnn, build, sliceMs })],
      })),
    ),
    ...part(
      'neighbour',
      ofBuilds('neighbour', async (build) => ({
        neighbours: [
          await measureNeighbour({ ...common, workload: cnn, build, sliceMs, loads: LOADS }),
        ],
      })),
    ),
    ...part('telemetry', [
      {
        name: 'telemetry',
        measure: async () =>
          await measureTelemetry({
            ...common,
            dist: ours.dist,
            rounds: rounds * TELEMETRY_ROUNDS,
            sliceMs,
            repetitions,
          }),
      },
    ]),
  ];
}

function together(results: Results, more: Partial<Measured>): Results {
  return {
    ...results,
    throughput: [...results.throughput, ...(more.throughput ?? [])],
    starts: [...results.starts, ...(more.starts ?? [])],
    memory: [...results.memory, ...(more.memory ?? [])],
    swaps: [...results.swaps, ...(more.swaps ?? [])],
    neighbours: [...results.neighbours, ...(more.neighbours ?? [])],
  };
}
