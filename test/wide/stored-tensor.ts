import { TextDecoder } from 'node:util';
import { elementName, elementType } from '../../shared/graph/elements.ts';
import type { TensorProto } from '../../shared/graph/generated/onnx_pb.ts';
import { allocate, elementsOver } from '../../shared/protocol/datatypes.ts';
import type { Tensor, TensorData } from '../../shared/protocol/tensor.ts';

/** A tensor from its protobuf. @throws Error when the protocol lacks its element type */
export function storedTensor(name: string, stored: TensorProto): Tensor {
  const datatype = elementType(stored.dataType)?.datatype;
  if (!datatype) throw new Error(`${name}: is ${elementName(stored.dataType)}`);
  const shape = stored.dims.map(Number);
  if (datatype === 'BYTES') {
    const text = new TextDecoder('utf-8', { fatal: true });
    return { name, datatype, shape, data: stored.stringData.map((bytes) => text.decode(bytes)) };
  }
  if (stored.rawData.length > 0) {
    // A copy, since the bytes lie in the file's buffer at any address.
    return { name, datatype, shape, data: elementsOver(datatype, new Uint8Array(stored.rawData)) };
  }
  const size = shape.reduce((product, dim) => product * dim, 1);
  return { name, datatype, shape, data: fill(allocate(datatype, size), stored) };
}

/** Copies from the typed field that ONNX assigns to the type. */
function fill(data: Exclude<TensorData, string[]>, stored: TensorProto): TensorData {
  if (data instanceof BigInt64Array) {
    data.set(stored.int64Data);
  } else if (data instanceof BigUint64Array) {
    data.set(stored.uint64Data);
  } else if (data instanceof Float32Array) {
    data.set(stored.floatData);
  } else if (data instanceof Float64Array) {
    data.set(stored.doubleData);
  } else if (data instanceof Uint32Array) {
    data.set(stored.uint64Data.map(Number));
  } else {
    data.set(stored.int32Data);
  }
  return data;
}
