import type { AnswerSource } from '../../evaluation/answer-source.ts';
import type { InferTimings } from '../../ports/engine.ts';
import { compress } from '../../protocol/content-encoding.ts';
import { type Allocate, encodeResponse } from '../../protocol/response.ts';
import type { Tensor } from '../../protocol/tensor.ts';
import { observeAnswer } from '../../rollout/observe-answer.ts';
import type { Decoded } from './decoded-request.ts';
import { ownBytes } from './own-bytes.ts';
import { monotonicNs, type RunAnswer, type SessionModel } from './thread-protocol.ts';

/** A model whose runs are to be answered. */
export interface Served {
  readonly model: SessionModel;
  readonly answerSource: AnswerSource | undefined;
  /** Makes room for answers. */
  readonly allocate: Allocate;
}

/** What a request's run gave, and when. */
export interface Ran {
  readonly outputs: ReadonlyMap<string, Tensor>;
  /** The request's own rows. */
  readonly slice: (tensor: Tensor) => Tensor;
  readonly infer: number;
  readonly runRows: number;
  readonly begunAt: number;
  readonly encodingAt: number;
}

/** The answer to a request: encoded, looked into, or both, as it asks for. */
export function answerOf(served: Served, one: Decoded, ran: Ran): RunAnswer {
  return one.source.observe ? observe(served, one, ran) : encode(served, one, ran);
}

/** Looks into the answer as well as encoding it, or instead. */
function observe(served: Served, one: Decoded, ran: Ran): RunAnswer {
  const outputs = one.request.outputs.map(({ name }) => ran.slice(ran.outputs.get(name) as Tensor));
  const observed = observeAnswer(served.answerSource, outputs);
  if (one.source.observe === 'too') return { ...encode(served, one, ran), observed };
  return {
    body: new Uint8Array(0),
    headerLength: undefined,
    contentEncoding: undefined,
    rows: one.rows,
    runRows: ran.runRows,
    timings: timingsOf(one, ran),
    observed,
  };
}

function encode({ model, allocate }: Served, one: Decoded, ran: Ran): RunAnswer {
  const { source, request, rows } = one;
  const encoded = encodeResponse(
    {
      modelName: model.name,
      modelVersion: model.version,
      id: request.id,
      outputs: request.outputs.map(({ name, binary }) => ({
        tensor: ran.slice(ran.outputs.get(name) as Tensor),
        binary,
      })),
    },
    allocate,
  );
  const compressed = source.acceptEncoding && compress(encoded.body, source.acceptEncoding);
  return {
    body: compressed ? ownBytes(compressed.body) : encoded.body,
    headerLength: encoded.headerLength,
    contentEncoding: compressed ? compressed.encoding : undefined,
    rows,
    runRows: ran.runRows,
    timings: timingsOf(one, ran),
  };
}

/** Called when the answer is finished. */
function timingsOf({ source, startedAt, decodedAt }: Decoded, ran: Ran): InferTimings {
  return {
    // Before it was looked at, and while others of its batch were.
    queue: startedAt - source.arrivedAt + (ran.begunAt - decodedAt),
    decode: decodedAt - startedAt,
    infer: ran.infer,
    encode: monotonicNs() - ran.encodingAt,
  };
}
