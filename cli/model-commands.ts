import type { Command } from 'commander';
import { type Does, example } from './action.ts';
import { compareVersions } from './commands/compare.ts';
import { listEvents } from './commands/history.ts';
import { listModels, showModel } from './commands/models.ts';
import { type PredictOptions, predict } from './commands/predict.ts';
import { type RegisterOptions, register } from './commands/register.ts';
import { showReport } from './commands/report.ts';
import { wholeNumber } from './option-values.ts';

export function addModels(program: Command, does: Does): void {
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

export function addPredict(program: Command, does: Does): void {
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

export function addRegister(program: Command, does: Does): void {
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

export function addReport(program: Command, does: Does): void {
  program
    .command('report')
    .description("shows a version's readiness report: its gates and main figures")
    .argument('<model>', 'the model')
    .argument('<version>', 'a version')
    .option('--html', 'the whole report as a page, on standard output')
    .addHelpText(
      'after',
      example('pilotlight report churn 2', 'pilotlight report churn 2 --html > report.html'),
    )
    .action(does<[model: string, version: string, options: { html?: boolean }]>(showReport));
}

export function addCompare(program: Command, does: Does): void {
  program
    .command('compare')
    .description("sets two versions' reports and live figures side by side")
    .argument('<model>', 'the model')
    .argument('<a>', 'a version or an alias')
    .argument('<b>', 'another one')
    .addHelpText('after', example('pilotlight compare churn 1 2'))
    .action(does<[model: string, a: string, b: string]>(compareVersions));
}

export function addEvents(program: Command, does: Does): void {
  program
    .command('events')
    .description('lists what changed of a model, oldest first')
    .argument('<model>', 'the model')
    .option('--at <time>', 'what was routed then, such as 2030-01-31T12:00:00Z')
    .addHelpText('after', example('pilotlight events churn'))
    .action(does<[model: string, options: { at?: string }]>(listEvents));
}
