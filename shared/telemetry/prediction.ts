import type { ModelName, Version } from '../ids.ts';
import type { InferAnswer } from '../ports/engine.ts';
import type { Choice } from '../registry/routing.ts';

/** A version of a model, one object as long as it is served. */
export interface Served {
  readonly model: ModelName;
  readonly version: Version;
}

/** A request that was answered. */
export interface Prediction {
  readonly served: Served;
  readonly route: Choice['route'];
  readonly answer: Pick<InferAnswer, 'timings' | 'rows' | 'runRows'>;
}

/** What a trace says of it. */
export function predictionAttributes({ served, route, answer }: Prediction) {
  const { rows, runRows, timings } = answer;
  const { model, version } = served;
  const [queueMs, inferMs] = [timings.queue / 1e6, timings.infer / 1e6];
  return { model, version, route, rows, runRows, queueMs, inferMs };
}
