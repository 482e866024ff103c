import { parseModelName, parseRolloutId } from '../shared/ids.ts';
import type { RolloutCommand } from '../shared/registry/rollout-commands.ts';
import { preconditionOf } from './model-document.ts';
import { readWhy } from './read-why.ts';
import { rolloutAnswer } from './rollout-document.ts';
import type { HttpFunction } from './trigger.ts';

// POST /models/{model}/rollouts/{id}/…: what people may do with one that runs or is paused.

export const pauseRolloutFunction = commanding('pause');
export const resumeRolloutFunction = commanding('resume');
export const promoteRolloutFunction = commanding('promote');
export const abortRolloutFunction = commanding('abort');

function commanding(command: RolloutCommand): HttpFunction {
  return {
    kind: 'http',
    name: `${command}-rollout`,
    route: `models/{model}/rollouts/{id}/${command}`,
    methods: ['POST'],
    access: 'Operator',
    async handler(app, request, _context, { caller }) {
      const model = parseModelName(request.params['model'] ?? '');
      const id = parseRolloutId(request.params['id'] ?? '');
      const allows = preconditionOf(request);
      const why = await readWhy(request);
      const who = caller.name;
      const { commandRollout } = await import('../shared/usecases/command-rollout.ts');
      return rolloutAnswer(await commandRollout(app, { model, id, command, why, allows, who }));
    },
  };
}
