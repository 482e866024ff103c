import { fileURLToPath } from 'node:url';
import { messageOf } from '../shared/errors.ts';
import { abandonStart, startAhead } from '../shared/start-ahead.ts';
import type { HeldEmulators } from './emulator-client.ts';
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
    // Loaded here: asking for help, or a slip in a flag, needs none of it.
    let emulators: Promise<HeldEmulators> | undefined;
    const { serve } = await startAhead(dist, () => {
      if (!options.cloud) emulators = hold(options);
      // Heard of where it is waited for.
      emulators?.catch(() => undefined);
      return import('./serve.ts');
    });
    await serve(options, { dist, lines, emulators });
  } catch (error) {
    await abandonStart(dist);
    fail(1, explained(error, options));
  }
}

async function hold({ dataDir, fresh }: Options): Promise<HeldEmulators> {
  if (fresh) {
    const { emptyDataDir } = await import('./data-dir.ts');
    await emptyDataDir(dataDir);
  }
  const { holdEmulators } = await import('./emulator-client.ts');
  return await holdEmulators({
    folder: dataDir,
    entry: fileURLToPath(new URL('emulators.mjs', dist)),
  });
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
