import type { App } from '../shared/compose.ts';
import { outcomeOf } from '../shared/telemetry/failure-side.ts';
import { METRICS } from '../shared/telemetry/metric-names.ts';
import { type Attributes, type Operation, UNTOLD } from '../shared/telemetry/operation.ts';
import { parseTraceparent, type TraceContext } from '../shared/telemetry/trace-context.ts';
import type { Telling } from '../shared/usecases/telemetry-traces.ts';
import type { Context, HttpFunction, Request } from './trigger.ts';

const PROBES: Telling = { done: 'never', refused: 'never' };
const PREDICTIONS: Telling = { done: 'sampled', refused: 'sampled' };
const READS: Telling = { done: 'never', refused: 'sampled' };
const CHANGES: Telling = { done: 'always', refused: 'sampled' };
const MESSAGES: Telling = { done: 'always', refused: 'always' };
const TASKS: Telling = { done: 'noted', refused: 'always' };

/** A request's work under way; `ended` is to be called once: with an error, or when it went well. */
export interface ToldRequest {
  readonly operation: Operation;
  readonly ended?: (error?: unknown) => void;
}

const NOBODY: ToldRequest = { operation: UNTOLD };

/** A request begins, whose handling is told of; without anybody to tell, nothing is made for it. */
export function beginRequest(
  definition: HttpFunction,
  { telemetry }: App,
  request: Request,
  context: Context,
): ToldRequest {
  if (!telemetry.on) return NOBODY;
  const { predicts = false } = definition;
  // The first of an idle instance may take long.
  if (predicts) telemetry.works();
  const operation = telemetry.begin(definition.name, () => parentOf(context, request));
  return {
    operation,
    ended(error) {
      const telling = tellingOf(definition);
      if (error === undefined) {
        if (telling === CHANGES) operation.note(namedIn(definition, request));
      } else if (predicts && operation.attributes.model === undefined) {
        // What was said of it, the prediction has counted.
        telemetry.count(METRICS.requests, { outcome: outcomeOf(error) });
      }
      telemetry.end(operation, telling, error);
    },
  };
}

/** Runs the handling of a message or blob as a piece of work that is told of. */
export async function tellMessage(
  { name }: { readonly name: string },
  app: App,
  context: Context,
  handle: (operation: Operation) => Promise<void>,
): Promise<void> {
  app.telemetry.works();
  await tell(name, app, { context, telling: MESSAGES }, (operation) => {
    operation.note({ invocation: context.invocationId });
    return handle(operation);
  });
}

/** Runs what goes by the clock as a piece of work that is told of when it found something to do. */
export async function tellTask(
  { name }: { readonly name: string },
  app: App,
  context: Context,
  run: (operation: Operation) => Promise<void>,
): Promise<void> {
  await tell(name, app, { context, telling: TASKS }, run);
}

async function tell(
  name: string,
  { telemetry }: App,
  { context, telling }: { readonly context: Context; readonly telling: Telling },
  run: (operation: Operation) => Promise<void>,
): Promise<void> {
  const operation = telemetry.begin(name, () => parentOf(context));
  try {
    await run(operation);
    telemetry.end(operation, telling);
  } catch (error) {
    telemetry.end(operation, telling, error ?? new Error('nothing was thrown'));
    throw error;
  }
}

function tellingOf({ access, methods, predicts }: HttpFunction): Telling {
  if (access === 'anonymous') return PROBES;
  if (predicts) return PREDICTIONS;
  return methods.includes('GET') ? READS : CHANGES;
}

/**
 * The host's own work is above ours, where it has some. Below it "not sampled" is nobody's wish: the
 * platform and the host's proxy say so in a header of their own where the caller sent none. Only a
 * caller whom nobody stands between means it.
 */
function parentOf(context: Context, request?: Request): TraceContext | undefined {
  const hosts = parseTraceparent(context.traceContext?.traceParent);
  if (hosts) return { ...hosts, sampled: true };
  return request && parseTraceparent(request.headers.get('traceparent'));
}

/** What a path names that was answered: there is such a model, version, job or rollout. */
function namedIn({ route }: HttpFunction, { params }: Request): Attributes {
  const { model, version, id } = params;
  return {
    ...(model !== undefined && { model }),
    ...(version !== undefined && { version }),
    ...(id !== undefined && (route.startsWith('batches/') ? { batch: id } : { rollout: id })),
  };
}
