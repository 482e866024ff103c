import { join } from 'node:path';
import { type Arm, sliceOfServer, unfailing } from './arms.ts';
import { Child, fileOf } from './child.ts';
import { portIn } from './listening.ts';
import { type Build, NODE_ARGS } from './project.ts';
import type { Encoding } from './request-bytes.ts';
import { writeRequest } from './request-file.ts';
import { type Results, TOLD, UNTOLD } from './results.ts';
import { measureStarts, type StartOptions } from './start.ts';
import { inTurns, type ThroughputOptions } from './throughput.ts';
import { type Twins, twinsIn } from './twin-line.ts';
import { workload } from './workloads.ts';

const CLIENTS = 64;
const ASKED: readonly { readonly name: string; readonly encoding: Encoding }[] = [
  { name: 'mlp', encoding: 'json' },
  { name: 'cnn', encoding: 'binary' },
];
/** Often enough that each slice has its share of sending; 15 s is what is shipped. */
const FLUSH_MS = 500;
const KEY = '00000000-0000-0000-0000-000000000000';

export interface TelemetryOptions extends Pick<ThroughputOptions, 'rounds' | 'sliceMs'> {
  readonly dist: string;
  readonly modelsDir: string;
  readonly repetitions: number;
  readonly say: StartOptions['say'];
}

/** What telemetry costs: one build with and without it, in turns; it goes to a process beside. */
export async function measureTelemetry(
  options: TelemetryOptions,
): Promise<Pick<Results, 'throughput' | 'starts'>> {
  const throughput = [];
  for (const { name, encoding } of ASKED) {
    const asked = { ...options, workload: workload(name), builds: [] };
    throughput.push(
      ...(await inTurns(asked, async (asked, folder) => {
        const ingestion = await startIngestion();
        const start = async (order: Order) =>
          await startTwins(asked, { ...options, order, folder, ingestionPort: ingestion.port });
        const twins = [await start('told-first'), await start('untold-first')] as const;
        const generator = new Child({ file: fileOf('load') });
        const requestFile = await writeRequest(folder, name, asked.workload.inputs, encoding);
        const load = { clients: CLIENTS, requestFile };
        const arm = (subject: string, of: keyof Twins, slices = 0): Arm => ({
          ...{ subject, encoding, clients: CLIENTS },
          slice: async (ms) => {
            // Two rounds each, to and fro; the first slice is no round.
            const { child, ports } = twins[Math.floor((slices++ + 1) / 2) % 2 === 0 ? 0 : 1];
            const port = ports[of];
            const before = await ingestion.requests();
            const sample = await sliceOfServer(generator, child, { ...load, port, ms });
            const sent = (await ingestion.requests()) - before;
            // What was never sent would cost nothing.
            if (subject === TOLD && ms >= 2 * FLUSH_MS && sent === 0)
              throw new Error('nothing sent');
            return unfailing(sample);
          },
        });
        return [arm(UNTOLD, 'untold'), arm(TOLD, 'told')];
      })),
    );
  }
  const ingestion = await startIngestion();
  const builds = buildsOf(options.dist, ingestion.port);
  const starts = await measureStarts({ ...options, workload: workload('cnn'), builds });
  return { throughput, starts: starts.filter(({ subject }) => subject !== 'bare') };
}

type Order = 'told-first' | 'untold-first';

/** One process that serves with and without telemetry. */
async function startTwins(
  { workload, modelsDir }: ThroughputOptions,
  given: { dist: string; folder: string; order: Order; ingestionPort: number },
): Promise<{ child: Child; ports: Twins }> {
  const { dist, order, ingestionPort } = given;
  const child = new Child({
    file: fileOf('twin'),
    args: [dist, join(given.folder, order), workload.name, join(modelsDir, workload.file), order],
    nodeArgs: NODE_ARGS,
    env: toldEnvironment(ingestionPort),
    probed: true,
  });
  return { child, ports: await child.line(twinsIn) };
}

function buildsOf(dist: string, port: number): Build[] {
  return [
    { name: UNTOLD, dist, env: { APPLICATIONINSIGHTS_CONNECTION_STRING: '' } },
    { name: TOLD, dist, env: toldEnvironment(port) },
  ];
}

function toldEnvironment(port: number): Readonly<Record<string, string>> {
  const endpoint = `http://127.0.0.1:${port}/`;
  return {
    APPLICATIONINSIGHTS_CONNECTION_STRING: `InstrumentationKey=${KEY};IngestionEndpoint=${endpoint}`,
    PILOTLIGHT_TELEMETRY_FLUSH_MS: String(FLUSH_MS),
  };
}

async function startIngestion(): Promise<{ port: number; requests: () => Promise<number> }> {
  const child = new Child({ file: fileOf('ingestion') });
  const port = await child.line(portIn);
  return {
    port,
    requests: async () => (await child.ask<{ requests: number }>('taken')).requests,
  };
}
