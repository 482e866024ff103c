import { ServingError } from '../errors.ts';
import type { AliasName, ModelName, Version } from '../ids.ts';
import type { Clock } from '../ports/clock.ts';
import type { Engine, InferAnswer, InferJob } from '../ports/engine.ts';
import { peekScheduling } from '../protocol/scheduling.ts';
import { type Choice, routingPoint } from '../registry/routing.ts';
import { outcomeOf } from '../telemetry/failure-side.ts';
import { METRICS } from '../telemetry/metric-names.ts';
import type { StatisticsOfModels } from '../telemetry/model-statistics.ts';
import type { Operation } from '../telemetry/operation.ts';
import type { LiveTraffic } from './live-traffic.ts';
import type { Resolved, ServableModels } from './servable-models.ts';
import type { Telemetry } from './telemetry.ts';

/** A request for an answer, its body as it came. */
export interface PredictRequest extends Omit<InferJob, 'deadline' | 'priority'> {
  readonly model: ModelName;
  /** A version or alias pins; undefined leaves it to the model's routing. */
  readonly wanted: Version | AliasName | undefined;
  /** The same key goes to the same version while the routing stands; undefined: at random. */
  readonly routingKey: string | undefined;
  /** What this is part of: it learns which version it was. */
  readonly operation: Operation;
}

export interface PredictDeps {
  readonly clock: Clock;
  readonly engine: Engine;
  readonly models: ServableModels;
  readonly statistics: StatisticsOfModels;
  readonly live: Pick<LiveTraffic, 'watch'>;
  readonly telemetry: Pick<Telemetry, 'on' | 'answered' | 'count'>;
  readonly config: { readonly requestTimeoutMs: number };
}

/**
 * Routes a request to a version and runs it there, loading the model if need be. However it ends, it is
 * counted.
 * @throws ServingError as `ServableModels.resolve` and `Engine.infer` do
 */
export async function predict(
  deps: PredictDeps,
  request: PredictRequest,
): Promise<{ answer: InferAnswer; choice: Choice }> {
  const { clock, engine, statistics, telemetry, config } = deps;
  const { model, routingKey, body, headerLength, contentEncoding } = request;
  const arrivedAt = clock();
  const point = routingKey === undefined ? Math.random() : routingPoint(routingKey, model);
  const { choice, servable, live } =
    deps.models.resolveKnown(model, request.wanted, point) ?? (await resolve(deps, request, point));
  // Compressed bodies can't be looked into here; the thread that inflates them honours these too.
  const asked = contentEncoding ? {} : peekScheduling(body, headerLength);
  const timeoutMs = Math.min(asked.timeoutMs || config.requestTimeoutMs, config.requestTimeoutMs);
  const watch =
    live &&
    deps.live.watch(live, {
      version: choice.version,
      caller: routingKey === undefined ? undefined : point,
      body,
      headerLength,
      contentEncoding,
    });
  try {
    const answer = await engine.infer(servable, {
      body,
      headerLength,
      contentEncoding,
      acceptEncoding: request.acceptEncoding,
      deadline: arrivedAt + timeoutMs,
      priority: asked.priority ?? 0,
      observe: watch && 'too',
    });
    const { timings, rows, runRows } = answer;
    statistics.succeeded(model, choice.version, { timings, rows, runRows, now: clock() });
    if (telemetry.on) {
      telemetry.answered({ served: servable, route: choice.route, answer }, request.operation);
    }
    watch?.answered(answer);
    return { answer, choice };
  } catch (error) {
    statistics.failed(model, choice.version, (clock() - arrivedAt) * 1e6);
    countFailed(deps, { ...request, choice }, error);
    watch?.failed(error);
    throw error instanceof ServingError ? error.of(choice) : error;
  }
}

async function resolve(
  deps: PredictDeps,
  request: PredictRequest,
  point: number,
): Promise<Resolved> {
  try {
    return await deps.models.resolve(request.model, request.wanted, point);
  } catch (error) {
    countFailed(deps, request, error);
    throw error;
  }
}

/** Callers may name anything: what is no model, as far as is known, is counted without a name. */
function countFailed(
  { telemetry, models }: Pick<PredictDeps, 'telemetry' | 'models'>,
  asked: Pick<PredictRequest, 'model' | 'operation'> & { readonly choice?: Choice },
  error: unknown,
): void {
  if (!telemetry.on) return;
  const { choice, operation } = asked;
  const model = choice || models.knows(asked.model) ? asked.model : '';
  const by = { model, ...(choice && { version: String(choice.version), route: choice.route }) };
  operation.note(by);
  telemetry.count(METRICS.requests, { ...by, outcome: outcomeOf(error) });
}
