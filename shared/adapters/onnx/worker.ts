import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { InferenceSession } from 'onnxruntime-node';
import { messageOf } from '../../errors.ts';
import { isPooled } from '../../inference/body-pool.ts';
import { ModelRunner } from './model-runner.ts';
import { prepareModel } from './prepare-model.ts';
import { SESSION_OPTIONS } from './serving-options.ts';
import { smallestModel } from './smallest-model.ts';
import type { Envelope, ThreadData, ThreadReply, ThreadRequest } from './thread-protocol.ts';

// A thread that holds sessions and runs them: `run` and `create` block their thread, and this is
// the thread to block.

const runner = new ModelRunner();
const { spawnedAt, ahead } = workerData as ThreadData;
const runtimeMs = performance.timeOrigin + performance.now() - spawnedAt;

async function reply(message: ThreadRequest): Promise<ThreadReply> {
  try {
    switch (message.type) {
      case 'run':
        return {
          kind: 'ran',
          outcomes: await runner.run(message.session, message.requests),
          spent: message.requests.flatMap(({ body: { buffer } }) =>
            isPooled(buffer) ? [buffer as ArrayBuffer] : [],
          ),
        };
      case 'score':
        return { kind: 'scored', outcome: await runner.score(message.session, message.job) };
      case 'load': {
        const { session, source, model } = message;
        return { kind: 'loaded', report: await runner.load(session, source, model), runtimeMs };
      }
      case 'prepare':
        await prepareModel(message.path, message.into);
        return { kind: 'prepared' };
      case 'unload':
        await runner.unload(message.session);
        return { kind: 'unloaded' };
    }
  } catch (error) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { kind: 'broken', message: messageOf(error), stack };
  }
}

function buffersOf(answer: ThreadReply): ArrayBuffer[] {
  if (answer.kind === 'scored' && answer.outcome.kind === 'answered') {
    return [answer.outcome.answer.output.buffer as ArrayBuffer];
  }
  if (answer.kind !== 'ran') return [];
  const bodies = answer.outcomes.flatMap((outcome) =>
    outcome.kind === 'answered' ? [outcome.answer.body.buffer as ArrayBuffer] : [],
  );
  return [...bodies, ...answer.spent];
}

// On Linux this is the calling thread's own priority: where there are more threads than CPUs, the
// thread that routes and answers goes first, and a run takes microseconds longer.
function giveWay(): void {
  if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
}

// A process that starts waits for its first thread, until that has answered.
let goesFirst = ahead;
if (!goesFirst) giveWay();

// A process's first session starts the runtime too: better now than when somebody waits for a model.
const started = InferenceSession.create(smallestModel(), SESSION_OPTIONS).then(
  (session) => session.release(),
  () => undefined, // what is wrong shows again, with the first model
);

// Strictly one after the other: `create` gives way to the event loop halfway.
let last = started;
parentPort?.on('message', ({ id, message }: Envelope<ThreadRequest>) => {
  last = last.then(async () => {
    const answer = await reply(message);
    parentPort?.postMessage(
      { id, message: answer } satisfies Envelope<ThreadReply>,
      buffersOf(answer),
    );
    if (goesFirst && (message.type === 'run' || message.type === 'score')) {
      goesFirst = false;
      giveWay();
    }
  });
});
