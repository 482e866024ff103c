import { Command, CommanderError } from 'commander';
import type { Action } from './action.ts';
import { addBatch, addBatches } from './batch-commands.ts';
import { CommandFailure, messageOf } from './failure.ts';
import {
  addCompare,
  addEvents,
  addModels,
  addPredict,
  addRegister,
  addReport,
} from './model-commands.ts';
import { addRollback, addRollout } from './rollout-commands.ts';
import { Server } from './server.ts';
import type { Terminal } from './terminal.ts';

const DEFAULT_URL = 'http://127.0.0.1:7071';

/** Runs a command line, its first word the command. Answers the exit code; never rejects. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const program = commandLine(terminal);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    // It has said what it had to.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const failure = error instanceof CommandFailure ? error : undefined;
    const message = messageOf(error);
    if (program.opts<{ json?: boolean }>().json) {
      await terminal.write(`${JSON.stringify({ ...failure?.document, error: message })}\n`);
    }
    terminal.say(`error: ${message}`);
    return failure?.exitCode ?? 1;
  }
}

function commandLine(terminal: Terminal): Command {
  const program = new Command('pilotlight')
    .description('Asks and feeds a Pilotlight server over its HTTP interface.')
    .option('--url <url>', `the server (default: PILOTLIGHT_URL, else ${DEFAULT_URL})`)
    .option('--key <key>', 'a function key of it (default: PILOTLIGHT_KEY)')
    .option('--token <token>', 'where callers sign in by Entra ID (default: PILOTLIGHT_TOKEN)')
    .option('--json', 'one JSON document on standard output, for scripts')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void terminal.write(text),
      writeErr: (text) => {
        terminal.say(text.trimEnd());
      },
    })
    .exitOverride()
    .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 usage, 130 interrupted.');

  /** Commander hands the options and the command over after the arguments. */
  const does =
    <Args extends readonly unknown[]>(action: Action<Args>) =>
    async (...given: readonly unknown[]): Promise<void> => {
      const {
        url,
        key,
        token,
        json = false,
      } = program.opts<{ url?: string; key?: string; token?: string; json?: boolean }>();
      const { env } = terminal;
      const server = new Server(
        {
          url: url || env.PILOTLIGHT_URL || DEFAULT_URL,
          key: key || env.PILOTLIGHT_KEY || undefined,
          token: token || env.PILOTLIGHT_TOKEN || undefined,
        },
        terminal,
      );
      await action(server, { terminal, json }, ...(given.slice(0, -1) as unknown as Args));
    };

  addModels(program, does);
  addPredict(program, does);
  addRegister(program, does);
  addReport(program, does);
  addCompare(program, does);
  addRollout(program, does);
  addRollback(program, does);
  addEvents(program, does);
  addBatch(program, does);
  addBatches(program, does);
  return program;
}
