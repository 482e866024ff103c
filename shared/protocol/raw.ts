import { ServingError } from '../errors.ts';
import { readBinaryTensor, textElement } from './binary.ts';
import { elementBytes } from './datatypes.ts';
import type { InferRequest } from './infer-request.ts';
import { elementCount, typeText } from './shape.ts';
import type { Signature, Tensor, TensorSpec } from './tensor.ts';

/**
 * A raw binary request (header length 0): the body is the bytes of the model's only input, whose
 * dynamic dimension, if it has one, follows from the length; a BYTES input is one element without
 * prefix. Every output is answered as bytes. @throws ServingError `malformed`
 */
export function readRawRequest(body: Uint8Array, signature: Signature): InferRequest {
  const [spec, ...others] = signature.inputs;
  if (!spec || others.length > 0) {
    throw refuse(
      `a raw body is for models with one input; this one has ${signature.inputs.length}`,
    );
  }
  return {
    id: undefined,
    inputs: [rawTensor(body, spec)],
    outputs: signature.outputs.map(({ name }) => ({ name, binary: true })),
    parameters: { timeoutMicroseconds: undefined, priority: 0, binaryOutput: true },
  };
}

function rawTensor(body: Uint8Array, spec: TensorSpec): Tensor {
  const { name, datatype, shape } = spec;
  const fixed = shape?.filter((dimension) => dimension !== -1);
  if (!shape || !fixed || shape.length - fixed.length > 1) {
    throw refuse(
      `input \`${name}\`: a raw body needs at most one dynamic dimension, the model takes ${typeText(spec)}`,
    );
  }
  const filled = (dynamic: number): number[] => shape.map((d) => (d === -1 ? dynamic : d));
  if (datatype === 'BYTES') {
    if (elementCount(filled(1)) !== 1) {
      throw refuse(
        `input \`${name}\`: a raw BYTES body is one element, the model takes ${typeText(spec)}`,
      );
    }
    return { name, datatype, shape: filled(1), data: [textElement(body, `input \`${name}\``)] };
  }
  const row = elementCount(fixed) * elementBytes(datatype);
  const dynamic = row === 0 ? 0 : Math.floor(body.byteLength / row);
  return readBinaryTensor(body, { name, datatype, shape: filled(dynamic) });
}

function refuse(detail: string): ServingError {
  return new ServingError({ kind: 'malformed', detail });
}
