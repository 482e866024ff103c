import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../shared/errors.ts';
import { type HeldEmulators, holdEmulators } from './emulator-client.ts';
import { LineWriter } from './line-writer.ts';
import { type Options, parseOptions, USAGE } from './options.ts';

// The local host's process: serves the app on this machine.

const dist = new URL('.', import.meta.url);
const lines = new LineWriter(process.stdout);

async function main(): Promise<void> {
  let options: Options | undefined;
  try {
    options = parseOptions(process.argv.slice(2), process.env);
  } catch (error) {
    fail(2, messageOf(error));
  }
  if (!options) {
    process.stdout.write(USAGE);
    return;
  }
  try {
    await run(options);
  } catch (error) {
    fail(1, explained(error, options));
  }
}

async function run(options: Options): Promise<void> {
  const { dataDir, cloud } = options;
  const root = rootOf(dist);
  // Loaded here: asking for help, or a slip in a flag, needs none of it.
  const [{ emptyDataDir }, { parseConfig }, { compose }, { functions }, { parseHostJson }] =
    await Promise.all([
      import('./data-dir.ts'),
      import('../shared/config.ts'),
      import('../shared/compose.ts'),
      import('../functions/index.ts'),
      import('./host-json.ts'),
    ]);
  const { startHost } = await import('./host.ts');
  const { Ending } = await import('./ending.ts');

  if (options.fresh) await emptyDataDir(dataDir);
  const emulators = cloud ? undefined : await hold(dataDir);
  const config = parseConfig({
    ...process.env,
    ...(emulators && {
      PILOTLIGHT_STORAGE: emulators.storage,
      PILOTLIGHT_COSMOS: emulators.cosmos,
      PILOTLIGHT_COSMOS_DATABASE: undefined,
    }),
    // A host of its own folder: two don't see which files the other is using.
    PILOTLIGHT_SCRATCH_DIR:
      process.env.PILOTLIGHT_SCRATCH_DIR ?? join(dataDir, 'scratch', String(options.port)),
  });
  const settings = parseHostJson(
    JSON.parse(await readFile(join(root, 'host.json'), 'utf8')) as unknown,
  );
  const app = compose(config, { dist });
  const host = await startHost({
    functions,
    app,
    settings,
    port: options.port,
    hostname: options.hostname,
    lockMs: options.lockMs,
    log: options.quiet ? exceptRequests : lines.write,
  });
  const ending = new Ending({ host, app, lines, release: () => emulators?.release() });
  ending.watch();
  void emulators?.lost.then(() => ending.end(1, 'error: the emulators have ended'));
  process.on('unhandledRejection', (error) => {
    lines.write(`error: unhandled rejection: ${messageOf(error)}`);
  });
  process.on('uncaughtException', (error) => {
    void ending.end(1, `error: ${error.stack ?? error.message}`);
  });

  const base = `http://${nameOf(options.hostname)}:${host.port}`;
  lines.write(`Pilotlight listens on ${base} after ${seconds()} s`);
  if (!emulators) return;
  lines.write(`Everything is kept in ${dataDir} (DATA_DIR moves it, --fresh empties it)`);
  if (options.samples) await showSamples(base, join(root, 'models'), dataDir);
}

async function hold(dataDir: string): Promise<HeldEmulators> {
  return await holdEmulators({
    folder: dataDir,
    entry: fileURLToPath(new URL('emulators.mjs', dist)),
  });
}

async function showSamples(base: string, folder: string, dataDir: string): Promise<void> {
  const { registerSamples } = await import('./samples.ts');
  const marker = join(dataDir, 'samples.json');
  const samples = await registerSamples({ base, folder, marker, say: lines.write });
  for (const { model, url, curl } of samples) lines.write(`\n${model}: ${url}\n${curl}`);
  lines.write(`\n${samples.length} sample models answer after ${seconds()} s. Ctrl-C ends.`);
}

/** The folder of host.json: the bundle lies somewhere below it. */
function rootOf(from: URL): string {
  const here = new URL('host.json', from);
  if (existsSync(here)) return fileURLToPath(new URL('.', here));
  const above = new URL('..', from);
  if (above.href === from.href) {
    throw new Error('host.json: expected beside or above the folder of the bundle');
  }
  return rootOf(above);
}

/** For a URL that works on this machine. */
function nameOf(hostname: string): string {
  if (hostname === '0.0.0.0' || hostname === '::') return '127.0.0.1';
  return hostname.includes(':') ? `[${hostname}]` : hostname;
}

function exceptRequests(line: string): void {
  if (!/^[A-Z]+ \//.test(line)) lines.write(line);
}

function seconds(): string {
  return (performance.now() / 1000).toFixed(1);
}

function explained(error: unknown, { port, hostname }: Options): string {
  const { code } = error as { code?: unknown };
  if (code === 'EADDRINUSE') {
    return `port ${port} is taken; set PORT=… to another one, or stop what listens there`;
  }
  if (code === 'EACCES') return `port ${port}: not allowed to listen there; set PORT=… above 1023`;
  if (code === 'EADDRNOTAVAIL') return `--host: ${hostname} is no address of this machine`;
  return messageOf(error);
}

function fail(code: number, why: string): never {
  lines.flush();
  process.stderr.write(`error: ${why}\n`);
  process.exit(code);
}

await main();
