import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { type BatchOptions, batch } from './commands/batch.ts';
import { cancelBatch, listBatches, showBatch, waitForBatch } from './commands/batches.ts';
import { listModels, showModel } from './commands/models.ts';
import { type PredictOptions, predict } from './commands/predict.ts';
import { type RegisterOptions, register } from './commands/register.ts';
import { CommandFailure, messageOf } from './failure.ts';
import { Server } from './server.ts';
import type { Globals, Terminal } from './terminal.ts';

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

/** What a command does, given what every command gets. */
type Action<Args extends readonly unknown[]> = (
  server: Server,
  globals: Globals,
  ...args: Args
) => Promise<void>;

function commandLine(terminal: Terminal): Command {
  const program = new Command('pilotlight')
    .description('Asks and feeds a Pilotlight server over its HTTP interface.')
    .option('--url <url>', `the server (default: PILOTLIGHT_URL, else ${DEFAULT_URL})`)
    .option('--key <key>', 'a function key of it (default: PILOTLIGHT_KEY)')
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
        json = false,
      } = program.opts<{ url?: string; key?: string; json?: boolean }>();
      const { env } = terminal;
      const server = new Server(
        {
          url: url || env.PILOTLIGHT_URL || DEFAULT_URL,
          key: key || env.PILOTLIGHT_KEY || undefined,
        },
        terminal,
      );
      await action(server, { terminal, json }, ...(given.slice(0, -1) as unknown as Args));
    };

  addModels(program, does);
  addPredict(program, does);
  addRegister(program, does);
  addBatch(program, does);
  addBatches(program, does);
  return program;
}

type Does = <Args extends readonly unknown[]>(
  action: Action<Args>,
) => (...given: readonly unknown[]) => Promise<void>;

function addModels(program: Command, does: Does): void {
  program
    .command('models')
    .description('lists the models, or shows one')
    .argument('[name]', 'the model to show')
    .addHelpText('after', example('pilotlight models churn'))
    .action(
      does<[name: string | undefined]>((server, globals, name) =>
        name === undefined ? listModels(server, globals) : showModel(server, globals, name),
      ),
    );
}

function addPredict(program: Command, does: Does): void {
  program
    .command('predict')
    .description('asks a model')
    .argument('<model>', 'its name')
    .requiredOption('--input <input>', 'a file, - for standard input, or JSON')
    .option('--version <version>', 'a version or an alias (default: what the routing says)')
    .option('--binary', "the input is the one tensor's bytes, little-endian")
    .addHelpText(
      'after',
      `
The JSON is an Open Inference request, or nested arrays: alone for a model with one input, else in an
object by input name. A single row may come without the array around it.
${example("pilotlight predict digits --input '[[[0, 0.5, …], …]]'", 'pilotlight predict digits --binary --input image.raw')}`,
    )
    .action(does<[model: string, options: PredictOptions]>(predict));
}

function addRegister(program: Command, does: Does): void {
  program
    .command('register')
    .description('makes an ONNX file a version of a model')
    .argument('<file>', 'the ONNX file')
    .requiredOption('--model <name>', 'the model')
    .option('--card <file>', 'JSON that says what the file cannot')
    .option('--evaluation <file>', 'CSV with a label column')
    .option('--wait <seconds>', 'how long to wait for the verdict', wholeNumber, 60)
    .addHelpText('after', example('pilotlight register model.onnx --model churn --card card.json'))
    .action(does<[file: string, options: RegisterOptions]>(register));
}

function addBatch(program: Command, does: Does): void {
  program
    .command('batch')
    .description('scores a file: uploads it, runs a batch job, downloads the result')
    .argument('<file>', 'CSV or JSONL, gzip or not')
    .requiredOption('--model <name>', 'the model')
    .option('--version <version>', 'a version or an alias (default: production)')
    .addOption(
      new Option('--format <format>', "of the file (default: by the file's name)").choices([
        'csv',
        'jsonl',
      ]),
    )
    .option('--keep <columns...>', 'columns that are passed on')
    .option('--delimiter <character>', 'between the cells of CSV; `tab` is one too', delimiter)
    .option('--no-header', 'the first line of CSV is a row; columns are c0, c1, …')
    .option('--error-threshold <rows>', 'more failed rows than this fail the job', wholeNumber)
    .option('--out <file>', 'the scored rows, - for standard output (default: FILE.scored.csv)')
    .option('--errors <file>', 'the rows that failed (default: FILE.errors.csv, if there are any)')
    .option('--detach', 'start the job, print its name and leave')
    .addHelpText(
      'after',
      `
Ctrl-C cancels the job.
${example('pilotlight batch churn.csv --model churn --keep id --out scored.csv')}`,
    )
    .action(does<[file: string, options: BatchOptions]>(batch));
}

function addBatches(program: Command, does: Does): void {
  const batches = program
    .command('batches')
    .description('lists the newest batch jobs, or shows one')
    .argument('[id]', 'the job to show')
    .option('--limit <jobs>', 'how many to list', wholeNumber, 20)
    .addHelpText(
      'after',
      example('pilotlight batches', 'pilotlight batches wait ID --out scored.csv'),
    )
    .action(
      does<[id: string | undefined, options: { limit: number }]>((server, globals, id, options) =>
        id === undefined ? listBatches(server, globals, options) : showBatch(server, globals, id),
      ),
    );
  batches
    .command('wait')
    .description('follows a job to its end and fetches its results')
    .argument('<id>', 'the job')
    .option('--out <file>', 'the scored rows, - for standard output (default: ID.scored.csv)')
    .option('--errors <file>', 'the rows that failed (default: ID.errors.csv, if there are any)')
    .addHelpText('after', example('pilotlight batches wait ID --out scored.csv'))
    .action(does<[id: string, options: { out?: string; errors?: string }]>(waitForBatch));
  batches
    .command('cancel')
    .description('cancels a job')
    .argument('<id>', 'the job')
    .addHelpText('after', example('pilotlight batches cancel ID'))
    .action(does<[id: string]>(cancelBatch));
}

function example(...lines: readonly string[]): string {
  return `\nExample${lines.length > 1 ? 's' : ''}:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number.');
}

function delimiter(text: string): string {
  if (text === 'tab' || text === '\\t') return '\t';
  if (/^[\t\x20-\x7e]$/.test(text)) return text;
  throw new InvalidArgumentError('Expected one ASCII character, or tab.');
}
