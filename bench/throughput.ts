import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Arm, type Sample, sliceOfBare, sliceOfServer, unfailing } from './arms.ts';
import { Child, fileOf } from './child.ts';
import { Latencies } from './latencies.ts';
import { portIn } from './listening.ts';
import { type Build, register, startProject, withDataDir } from './project.ts';
import type { Encoding } from './request-bytes.ts';
import { writeRequest } from './request-file.ts';
import type { ArmResult } from './results.ts';
import { spreadOf } from './spread.ts';
import type { Workload } from './workloads.ts';

const ENCODINGS = ['json', 'binary'] as const;

export interface ThroughputOptions {
  readonly workload: Workload;
  readonly modelsDir: string;
  readonly builds: readonly Build[];
  readonly rounds: number;
  readonly sliceMs: number;
  readonly say: (line: string) => void;
}

/** All arms of one workload, in turns: what slows the machine slows them all. */
export async function measureThroughput(options: ThroughputOptions): Promise<ArmResult[]> {
  return await inTurns(options, startArms);
}

/** As `measureThroughput`, of these arms; `start` is given a folder for data. */
export async function inTurns(
  options: ThroughputOptions,
  start: (options: ThroughputOptions, folder: string) => Promise<Arm[]>,
): Promise<ArmResult[]> {
  return await withDataDir(async (folder) => {
    try {
      const arms = await start(options, folder);
      const samples = new Map<Arm, Sample[]>(arms.map((arm) => [arm, []]));
      for (const arm of arms) await arm.slice(options.sliceMs / 2);
      for (let round = 0; round < options.rounds; round++) {
        options.say(`${options.workload.name}: round ${round + 1} of ${options.rounds}`);
        // To and fro, so that no arm is always the one behind the same other.
        for (const arm of round % 2 === 0 ? arms : [...arms].reverse()) {
          samples.get(arm)?.push(await arm.slice(options.sliceMs));
        }
      }
      return [...samples].map(([arm, taken]) => resultOf(options.workload, arm, taken));
    } finally {
      await Child.stopAll();
    }
  });
}

/** A server that runs. */
interface Served {
  readonly subject: string;
  readonly child: Child;
  readonly port: number;
}

async function startArms(options: ThroughputOptions, folder: string): Promise<Arm[]> {
  const { workload, modelsDir } = options;
  const model = join(modelsDir, workload.file);
  const generator = new Child({ file: fileOf('load') });
  const bare = new Child({ file: fileOf('bare') });
  await bare.ask('open', { model, inputs: workload.inputs, count: availableParallelism() });
  const empty = await startServer('empty');
  const naive = await startServer('naive', model);
  const projects = await startBuilds(options, folder);
  const { name, inputs } = workload;
  const requestFiles = {
    json: await writeRequest(folder, name, inputs, 'json'),
    binary: await writeRequest(folder, name, inputs, 'binary'),
  };
  const served = ({ subject, child, port }: Served, encoding: Encoding, clients: number): Arm => ({
    subject,
    encoding,
    clients,
    slice: async (ms) => {
      const requestFile = requestFiles[encoding];
      return unfailing(await sliceOfServer(generator, child, { port, clients, ms, requestFile }));
    },
  });
  return workload.clients.flatMap((clients) => [
    served(empty, 'json', clients),
    served(naive, 'json', clients),
    ...projects.flatMap((project) =>
      ENCODINGS.map((encoding) => served(project, encoding, clients)),
    ),
    served(empty, 'binary', clients),
    { subject: 'bare', clients, slice: (ms) => sliceOfBare(bare, ms) },
  ]);
}

/** A server of each build, which has the workload's model. */
async function startBuilds(
  { workload, modelsDir, builds }: ThroughputOptions,
  folder: string,
): Promise<Served[]> {
  const projects: Served[] = [];
  for (const [index, build] of builds.entries()) {
    const dataDir = join(folder, String(index));
    const project = await startProject({ build, dataDir, probed: true });
    await register(project.port, workload.name, await readFile(join(modelsDir, workload.file)));
    projects.push({ subject: build.name, ...project });
  }
  return projects;
}

async function startServer(entry: 'empty' | 'naive', model?: string): Promise<Served> {
  const child = new Child({ file: fileOf(entry), args: model ? [model] : [], probed: true });
  return { subject: entry, child, port: await child.line(portIn) };
}

function resultOf(workload: Workload, arm: Arm, samples: readonly Sample[]): ArmResult {
  const latencies = Latencies.merged(samples.map((sample) => sample.latencies));
  const loops = samples.flatMap(({ loop }) => (loop ? [loop] : []));
  return {
    workload: workload.name,
    subject: arm.subject,
    encoding: arm.encoding,
    clients: arm.clients,
    perSecond: samples.map(({ requests, seconds }) => requests / seconds),
    p50Ms: latencies.quantile(0.5),
    p99Ms: latencies.quantile(0.99),
    loopP99Ms: loops.map(({ p99Ms }) => p99Ms),
    loopMaxMs: loops.length > 0 ? Math.max(...loops.map(({ maxMs }) => maxMs)) : undefined,
    cpuMsPerRequest: perRequest(samples, ({ cpuSeconds }) => cpuSeconds),
    generatorCpuMsPerRequest: arm.encoding
      ? perRequest(samples, ({ generatorCpuSeconds = 0 }) => generatorCpuSeconds)
      : undefined,
    residentBytes: spreadOf(samples.map(({ residentBytes }) => residentBytes)).median,
  };
}

/** In ms, the median of the rounds. */
function perRequest(samples: readonly Sample[], secondsOf: (sample: Sample) => number): number {
  return spreadOf(samples.map((sample) => (secondsOf(sample) * 1000) / sample.requests)).median;
}
