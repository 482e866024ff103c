import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { answerHttp } from '../functions/http.ts';
import type { Answer, Context, HttpFunction } from '../functions/trigger.ts';
import { type App, compose } from '../shared/compose.ts';
import { parseConfig } from '../shared/config.ts';
import type { Inspection } from '../shared/ports/inspection.ts';
import type { TelemetrySink } from '../shared/ports/telemetry.ts';
import { createMemoryStores, type MemoryStores } from './memory-stores.ts';

/** An app whose stores are in memory; what it needs of disk is below `scratchDir`. */
export interface MemoryApp extends App {
  readonly artifacts: MemoryStores['artifacts'];
  readonly messages: MemoryStores['messages'];
  readonly batchFiles: MemoryStores['batchFiles'];
  readonly uploads: MemoryStores['uploads'];
  /** What examining a file will find from now on. */
  inspection: Inspection | (() => Promise<Inspection>);
  /** Milliseconds that the app's clock is ahead of the machine's. */
  ahead: number;
  /** Bytes of each body that stands on disk while it is received. */
  spooled(): Promise<number[]>;
}

/** A ready model, as an examination finds it. */
export const FINE: Inspection = {
  ok: true,
  signature: {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: undefined }],
  },
  facts: {
    irVersion: 8,
    producer: 'a test',
    opsets: { 'ai.onnx': 17 },
    operators: { MatMul: 1 },
    nodes: 1,
    parameters: 4,
    parameterBytes: 16,
    quantized: 'no',
  },
  warnings: ['a warning <of> sorts'],
  loadMs: 1,
  runMs: 0.5,
};

export async function createMemoryApp(
  settings: Readonly<Record<string, string>> = {},
  sink?: TelemetrySink,
): Promise<MemoryApp> {
  const scratchDir = await mkdtemp(join(tmpdir(), 'memory-app-'));
  const config = parseConfig({
    PILOTLIGHT_STORAGE: 'in memory',
    PILOTLIGHT_COSMOS: 'in memory',
    PILOTLIGHT_SCRATCH_DIR: scratchDir,
    ...settings,
  });
  const stores = createMemoryStores(() => app.clock());
  const { artifacts, messages, batchFiles, uploads } = stores;
  const composed = compose(config, {
    dist: pathToFileURL(`${scratchDir}/`),
    stores,
    ...(sink && { sink }),
  });
  const app: MemoryApp = {
    ...composed,
    artifacts,
    messages,
    batchFiles,
    uploads,
    inspection: FINE,
    ahead: 0,
    clock: () => Date.now() + app.ahead,
    inspector: {
      inspect: () =>
        typeof app.inspection === 'function' ? app.inspection() : Promise.resolve(app.inspection),
    },
    async spooled() {
      const root = join(scratchDir, 'spool');
      const inside = await readdir(root, { recursive: true }).catch(() => []);
      const found = await Promise.all(inside.map((name) => stat(join(root, name)).catch(() => {})));
      return found.flatMap((each) => (each?.isFile() ? [each.size] : []));
    },
    async close() {
      await composed.close();
      await rm(scratchDir, { recursive: true, force: true });
    },
  };
  return app;
}

/** A context that keeps what is logged. */
export function quietContext(): Context & { readonly logged: string[] } {
  const logged: string[] = [];
  const log = (message: string) => void logged.push(message);
  return { invocationId: 'test', functionName: 'test', log, warn: log, error: log, logged };
}

/** Sends a request to one HTTP function as a host does. */
export async function send(
  app: App,
  definition: HttpFunction,
  call: {
    path: string;
    params: Readonly<Record<string, string>>;
    headers?: Readonly<Record<string, string>>;
    body?: NonNullable<RequestInit['body']>;
  },
): Promise<Answer & { json: () => Record<string, unknown> }> {
  const url = `http://127.0.0.1${call.path}`;
  const method = definition.methods[0] ?? 'GET';
  const { headers = {}, body } = call;
  const init = { method, headers, ...(body !== undefined && { body, duplex: 'half' as const }) };
  const real = new Request(url, init);
  const request = {
    method,
    url,
    headers: real.headers,
    query: new URL(url).searchParams,
    params: call.params,
    body: real.body,
    bytes: async () => new Uint8Array(await real.arrayBuffer()),
  };
  const answer = await answerHttp(definition, app, request, quietContext());
  return { ...answer, json: () => JSON.parse(answer.body as string) as Record<string, unknown> };
}
