import { type Command, Option } from 'commander';
import { type Does, example } from './action.ts';
import { type BatchOptions, batch } from './commands/batch.ts';
import { cancelBatch, listBatches, showBatch, waitForBatch } from './commands/batches.ts';
import { delimiter, wholeNumber } from './option-values.ts';

export function addBatch(program: Command, does: Does): void {
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

export function addBatches(program: Command, does: Does): void {
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
