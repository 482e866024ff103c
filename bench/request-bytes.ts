import type { Tensor } from '../shared/protocol/tensor.ts';
import { binaryRequest, jsonRequest } from '../test/wide/wire.ts';

export type Encoding = 'json' | 'binary';

/** A whole inference request as it goes over the wire; the connection is kept. */
export function inferRequest(
  model: string,
  inputs: readonly Tensor[],
  encoding: Encoding,
): Buffer<ArrayBuffer> {
  const { body, headers } = encoding === 'json' ? asJson(inputs) : asBinary(inputs);
  const head = [
    `POST /v2/models/${model}/infer HTTP/1.1`,
    'Host: 127.0.0.1',
    ...headers,
    `Content-Length: ${body.length}`,
    '\r\n',
  ];
  return Buffer.concat([Buffer.from(head.join('\r\n')), body]);
}

function asJson(inputs: readonly Tensor[]) {
  return { body: Buffer.from(jsonRequest(inputs)), headers: ['Content-Type: application/json'] };
}

function asBinary(inputs: readonly Tensor[]) {
  const { body, headerLength } = binaryRequest(inputs);
  return {
    body,
    headers: [
      'Content-Type: application/octet-stream',
      `Inference-Header-Content-Length: ${headerLength}`,
    ],
  };
}
