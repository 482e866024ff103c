import { readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Child, fileOf } from './child.ts';
import { type Build, register, startProject, withDataDir } from './project.ts';
import { inferRequest } from './request-bytes.ts';
import { ResponseReader } from './response-reader.ts';
import type { StartResult } from './results.ts';
import { spreadOf } from './spread.ts';
import type { Workload } from './workloads.ts';

export interface StartOptions {
  readonly workload: Pick<Workload, 'name' | 'file' | 'inputs'>;
  readonly modelsDir: string;
  readonly builds: readonly Build[];
  readonly repetitions: number;
  readonly say: (line: string) => void;
}

/** Phases in order, each with its length in ms; they add up to the whole. */
type Phases = Readonly<Record<string, number>>;

interface Start {
  readonly phases: Phases;
  readonly account?: string | undefined;
}

const ACCOUNT = /cold start: (.*)/;
const SCRATCH = 'measured';
/** How long a first process is given to leave the model in the form that loads fastest. */
const PREPARING_MS = 20_000;

/**
 * From the start of a process to its first answer, its model's file on disk and in the system's
 * cache: of the runtime alone and of each build, in turns.
 */
export async function measureStarts(options: StartOptions): Promise<StartResult[]> {
  return await withDataDir(async (folder) => {
    try {
      const starts: { subject: string; start: () => Promise<Start>; taken: Start[] }[] = [
        { subject: 'bare', start: () => startBare(options), taken: [] },
      ];
      for (const [index, build] of options.builds.entries()) {
        const start = await prepareBuild(options, build, join(folder, String(index)));
        starts.push({ subject: build.name, start: () => start(), taken: [] });
        await start(isPrepared(join(folder, String(index), SCRATCH, 'prepared')));
      }
      // Once more each: what stands then is what a process finds that follows another.
      for (const { start } of starts) await start();
      for (let repetition = 0; repetition < options.repetitions; repetition++) {
        options.say(`start, ${options.workload.name}: ${repetition + 1} of ${options.repetitions}`);
        for (const { start, taken } of starts) taken.push(await start());
      }
      return starts.map(({ subject, taken }) => resultOf(options.workload.name, subject, taken));
    } finally {
      await Child.stopAll();
    }
  });
}

async function startBare({ workload, modelsDir }: StartOptions): Promise<Start> {
  const inputs = workload.inputs.map(({ name, datatype, shape }) => ({ name, datatype, shape }));
  const begun = performance.now();
  const child = new Child({
    file: fileOf('bare-start'),
    args: [join(modelsDir, workload.file), JSON.stringify(inputs)],
  });
  const phases = await child.line((line) => JSON.parse(line) as Record<string, number>);
  const boot = performance.now() - begun - total(phases);
  await child.ended();
  return { phases: { boot, ...phases } };
}

/**
 * Registers the model; answers what starts a host that fetches it to its disk, or finds it there.
 * It is stopped when it has answered, and what it is given has come to pass.
 */
async function prepareBuild(
  { workload, modelsDir }: StartOptions,
  build: Build,
  dataDir: string,
): Promise<(before?: Promise<void>) => Promise<Start>> {
  const { name, file, inputs } = workload;
  const request = inferRequest(name, inputs, 'binary');
  // A host that only keeps the emulators running.
  const keeper = await startProject({ build, dataDir });
  await register(keeper.port, name, await readFile(join(modelsDir, file)));
  const env = { PILOTLIGHT_SCRATCH_DIR: join(dataDir, SCRATCH) };
  return async (before) => {
    const begun = performance.now();
    const { child, port } = await startProject({ build, dataDir, env });
    const listening = performance.now();
    await firstAnswer(port, request);
    const answered = performance.now();
    await before;
    await child.stop();
    return {
      phases: { 'to listening': listening - begun, 'first answer': answered - listening },
      account: child.printed((line) => ACCOUNT.exec(line)?.[1]),
    };
  };
}

/** Builds from before there were prepared forms never leave one: that is waited for, not required. */
async function isPrepared(folder: string): Promise<void> {
  const until = performance.now() + PREPARING_MS;
  while (performance.now() < until) {
    const found = await readdir(folder).catch(() => []);
    if (found.some((name) => name.endsWith('.prepared'))) return;
    await sleep(50);
  }
}

async function firstAnswer(port: number, request: Buffer): Promise<void> {
  const reader = new ResponseReader();
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  socket.write(request);
  for await (const bytes of socket) {
    const response = reader.push(bytes as Buffer);
    if (!response) continue;
    if (response.status === 200) return;
    throw new Error(`first answer: ${response.status} ${response.body}`);
  }
  throw new Error('first answer: the server closed the connection');
}

function resultOf(workload: string, subject: string, taken: readonly Start[]): StartResult {
  const names = Object.keys(taken[0]?.phases ?? {});
  return {
    workload,
    subject,
    totalMs: taken.map(({ phases }) => total(phases)),
    phases: Object.fromEntries(
      names.map((name) => [name, spreadOf(taken.map(({ phases }) => phases[name] ?? Number.NaN))]),
    ),
    account: taken.at(-1)?.account,
  };
}

function total(phases: Phases): number {
  return Object.values(phases).reduce((sum, ms) => sum + ms, 0);
}
