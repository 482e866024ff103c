import { run } from './command-line.ts';
import { processTerminal } from './process-terminal.ts';

// The command `pilotlight`.

process.exitCode = await run(process.argv.slice(2), processTerminal());
