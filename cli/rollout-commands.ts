import type { Command } from 'commander';
import { type Does, example } from './action.ts';
import { rollBack } from './commands/history.ts';
import {
  commandRollout,
  listRollouts,
  type StartOptions,
  showRollout,
  startRollout,
  watchRollout,
} from './commands/rollout.ts';
import { percentages, shadow, wholeNumber } from './option-values.ts';

type Named = [model: string, id: string | undefined];

export function addRollout(program: Command, does: Does): void {
  const rollout = program
    .command('rollout')
    .description('replaces the version in production step by step')
    .addHelpText('after', example('pilotlight rollout start churn 2 --watch'));
  addStart(rollout, does);
  rollout
    .command('list')
    .description('lists the newest rollouts of a model')
    .argument('<model>', 'the model')
    .option('--limit <rollouts>', 'how many to list', wholeNumber, 20)
    .addHelpText('after', example('pilotlight rollout list churn'))
    .action(does<[model: string, options: { limit: number }]>(listRollouts));
  const one = (name: string, description: string) =>
    rollout
      .command(name)
      .description(description)
      .argument('<model>', 'the model')
      .argument('[id]', 'the rollout (default: the newest)')
      .addHelpText('after', example(`pilotlight rollout ${name} churn`));
  one('status', 'shows where a rollout is, and why').action(does<Named>(showRollout));
  one(
    'watch',
    'follows a rollout until it ends; exit code 1 when the new version did not make it',
  ).action(does<Named>(watchRollout));
  const change = (name: 'pause' | 'resume' | 'promote' | 'abort', description: string) =>
    one(name, description)
      .option('--why <text>', 'stands in the history')
      .action(
        does<[model: string, id: string | undefined, options: { why?: string }]>(
          commandRollout(name),
        ),
      );
  change('pause', 'keeps a rollout where it is; it is still rolled back when it harms');
  change('resume', 'lets a paused rollout go on');
  change('promote', 'ends a rollout at once: the new version takes production');
  change('abort', 'ends a rollout at once: the old version keeps production');
}

function addStart(rollout: Command, does: Does): void {
  rollout
    .command('start')
    .description('starts a rollout of a ready version')
    .argument('<model>', 'the model')
    .argument('<version>', 'the version that is to take production')
    .option('--steps <percentages>', 'of the traffic (default: 1,5,25,50,100)', percentages)
    .option('--min-requests <requests>', 'that a step takes at least', wholeNumber)
    .option('--min-seconds <seconds>', 'that a step takes at least', wholeNumber)
    .option(
      '--shadow <percent[:requests]>',
      'first send copies of so many percent, until so many were compared',
      shadow,
    )
    .option('--allow-breaking', 'although its inputs or outputs break what callers do')
    .option('--watch', 'follow it until it ends')
    .addHelpText(
      'after',
      example(
        'pilotlight rollout start churn 2 --watch',
        'pilotlight rollout start churn 2 --shadow 10:500 --steps 10,50,100 --min-seconds 300',
      ),
    )
    .action(does<[model: string, version: string, options: StartOptions]>(startRollout));
}

export function addRollback(program: Command, does: Does): void {
  program
    .command('rollback')
    .description('puts the version before into production again')
    .argument('<model>', 'the model')
    .option('--why <text>', 'stands in the history')
    .addHelpText('after', example('pilotlight rollback churn'))
    .action(does<[model: string, options: { why?: string }]>(rollBack));
}
