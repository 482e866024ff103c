import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { functions } from '../functions/index.ts';
import { compose } from '../shared/compose.ts';
import { parseConfig } from '../shared/config.ts';
import { messageOf } from '../shared/errors.ts';
import type { HeldEmulators } from './emulator-client.ts';
import { Ending } from './ending.ts';
import { type Host, startHost } from './host.ts';
import { parseHostJson } from './host-json.ts';
import { keyOption, readKeys } from './keys.ts';
import type { LineWriter } from './line-writer.ts';
import type { Options } from './options.ts';
import { SignIn } from './sign-in.ts';

interface Place {
  /** The folder of bundled entries. */
  readonly dist: URL;
  readonly lines: LineWriter;
  /** Undefined where the environment names Azure's resources. */
  readonly emulators: Promise<HeldEmulators> | undefined;
}

/**
 * Serves the app until something ends the process; resolves when it listens and, where they are
 * wanted, the samples answer. @throws Error why it can't
 */
export async function serve(options: Options, place: Place): Promise<void> {
  const { dist, lines } = place;
  const { dataDir } = options;
  const root = rootOf(dist);
  const settings = parseHostJson(
    JSON.parse(readFileSync(join(root, 'host.json'), 'utf8')) as unknown,
  );
  const emulators = await place.emulators;
  const keys = options.auth ? await readKeys(dataDir) : undefined;
  const config = parseConfig({
    ...process.env,
    // This host is the platform here, and checks who callers are itself.
    PILOTLIGHT_ACCESS: keys ? 'roles' : 'open',
    WEBSITE_AUTH_ENABLED: keys ? 'True' : undefined,
    ...(emulators && {
      PILOTLIGHT_STORAGE: emulators.storage,
      PILOTLIGHT_COSMOS: emulators.cosmos,
      PILOTLIGHT_COSMOS_DATABASE: undefined,
    }),
    // A host of its own folder: two don't see which files the other is using.
    PILOTLIGHT_SCRATCH_DIR:
      process.env.PILOTLIGHT_SCRATCH_DIR ?? join(dataDir, 'scratch', String(options.port)),
  });
  const app = compose(config, { dist });
  let host: Host;
  try {
    host = await startHost({
      functions,
      app,
      settings,
      port: options.port,
      hostname: options.hostname,
      lockMs: options.lockMs,
      signIn: keys && new SignIn(keys),
      log: lines.write,
      firstAnswer: app.coldStart.firstAnswer,
      quiet: options.quiet,
    });
  } catch (error) {
    // A process that exits while a model is being loaded aborts.
    await app.close();
    throw error;
  }
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
  if (keys) {
    const ask = `curl -s ${base}/v2 ${keyOption(dataDir, 'Scorer')}`;
    lines.write(
      `Callers need a key: scorer, publisher or operator of ${join(dataDir, 'keys')}\n${ask}`,
    );
  }
  if (!emulators) return;
  lines.write(`Everything is kept in ${dataDir} (DATA_DIR moves it, --fresh empties it)`);
  if (!options.samples) return;
  const folder = join(root, 'models');
  // A host that was asked to end meanwhile no longer answers its own requests; it ends in order all the same.
  await showSamples({ base, folder, dataDir, lines, key: keys?.Publisher }).catch(
    (error: unknown) => ending.end(1, `error: the samples: ${messageOf(error)}`),
  );
}

async function showSamples(shown: {
  readonly base: string;
  readonly folder: string;
  readonly dataDir: string;
  readonly lines: LineWriter;
  /** To register with, where callers need one. */
  readonly key: string | undefined;
}): Promise<void> {
  const { base, folder, dataDir, lines, key } = shown;
  const { registerSamples } = await import('./samples.ts');
  const marker = join(dataDir, 'samples.json');
  const samples = await registerSamples({ base, folder, marker, key, say: lines.write });
  const option = key === undefined ? '' : ` ${keyOption(dataDir, 'Scorer')}`;
  for (const { model, url, curl } of samples) {
    lines.write(`\n${model}: ${url}\n${curl}${option}`);
  }
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

function seconds(): string {
  return (performance.now() / 1000).toFixed(1);
}
