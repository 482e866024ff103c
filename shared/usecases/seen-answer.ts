import type { InferAnswer } from '../ports/engine.ts';
import type { Seen } from './live-recorder.ts';

/**
 * What an answer that was looked into tells a live test; `caller` is the point of the request's
 * routing key, undefined without one. A run that was shared tells no time: the version with more
 * traffic shares more, and would look slower.
 */
export function seenAnswer(
  {
    timings,
    observed,
    rows,
    runRows,
  }: Pick<InferAnswer, 'timings' | 'observed' | 'rows' | 'runRows'>,
  caller: number | undefined,
): Seen {
  const ranAlone = runRows > 0 && runRows === rows;
  return {
    ok: true,
    ...(ranAlone && { inferNs: timings.infer }),
    ...(observed && { observed }),
    ...seenFrom(caller),
  };
}

/** A request that got no answer. */
export function seenError(caller: number | undefined): Seen {
  return { ok: false, ...seenFrom(caller) };
}

function seenFrom(caller: number | undefined): Pick<Seen, 'caller'> {
  return caller === undefined ? {} : { caller };
}
