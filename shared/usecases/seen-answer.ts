import type { InferAnswer } from '../ports.ts';
import type { Seen } from './live-recorder.ts';

/**
 * What an answer that was looked into tells a live test; `caller` is the point of the request's
 * routing key, undefined without one.
 */
export function seenAnswer(
  { timings, observed }: Pick<InferAnswer, 'timings' | 'observed'>,
  caller: number | undefined,
): Seen {
  return { ok: true, inferNs: timings.infer, ...(observed && { observed }), ...seenFrom(caller) };
}

/** A request that got no answer. */
export function seenError(caller: number | undefined): Seen {
  return { ok: false, ...seenFrom(caller) };
}

function seenFrom(caller: number | undefined): Pick<Seen, 'caller'> {
  return caller === undefined ? {} : { caller };
}
