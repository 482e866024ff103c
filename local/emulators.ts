import { parseArgs } from 'node:util';
import { messageOf } from '../shared/errors.ts';
import { STANDARD_PORTS } from './emulator-endpoints.ts';
import { runEmulators } from './emulators-process.ts';

// The process that holds the emulators: started by hosts, or alone for `func start`.

const USAGE = `Usage: npm run emulators -- [--data-dir FOLDER]

Runs Azurite (blobs on 127.0.0.1:${STANDARD_PORTS.blob}, queues on ${STANDARD_PORTS.queue}) and a Cosmos DB emulator
(http://127.0.0.1:${STANDARD_PORTS.cosmos}) until Ctrl-C. Their data is kept in FOLDER (default: DATA_DIR, else .pilotlight).
`;

async function main(): Promise<number> {
  let flags: { 'data-dir'?: string; hosted?: boolean; help?: boolean };
  try {
    flags = parseArgs({
      options: {
        'data-dir': { type: 'string' },
        // Ends with its last host, and takes any free ports.
        hosted: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n${USAGE}`);
    return 2;
  }
  if (flags.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  try {
    return await runEmulators({
      folder: flags['data-dir'] ?? process.env.DATA_DIR ?? '.pilotlight',
      hosted: flags.hosted ?? false,
    });
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return 1;
  }
}

process.exit(await main());
