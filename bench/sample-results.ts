import { type ArmResult, OURS, type Results } from './results.ts';

/** Results of a run in which nothing was measured, for tests to add to. */
export function noResults(): Results {
  return {
    machine: {
      cpu: 'Some <CPU> & more',
      cpus: 2,
      memoryBytes: 8 * 2 ** 30,
      node: '20.0.0',
      onnxruntime: '1.30.0',
      revision: 'abc1234',
    },
    settings: { rounds: 3, sliceMs: 100 },
    throughput: [],
    starts: [],
    memory: [],
    swaps: [],
    neighbours: [],
    failed: [],
  };
}

/** One arm, of this project at 8 clients unless told otherwise. */
export function arm(different: Partial<ArmResult>): ArmResult {
  return {
    workload: 'cnn',
    subject: OURS,
    encoding: 'binary',
    clients: 8,
    perSecond: [100, 100, 100],
    p50Ms: 1,
    p99Ms: 2,
    loopP99Ms: [0.5, 0.5, 0.5],
    loopMaxMs: 3,
    cpuMsPerRequest: 1,
    generatorCpuMsPerRequest: 0.1,
    residentBytes: 100e6,
    ...different,
  };
}
