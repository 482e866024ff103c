import { quoted } from '../ids.ts';
import { bodiesOf, tensorsOf } from './bodies.ts';
import { type ElementType, elementName, elementType, packedBytes } from './elements.ts';
import { elementCount, MAX_RANK } from './facts.ts';
import type { ModelProto, TensorProto } from './generated/onnx_pb.ts';
import { TensorProto_DataType as T, TensorProto_DataLocation } from './generated/onnx_pb.ts';

/** What is wrong with the tensors stored in a model; a reason for each wrong one. */
export function* tensorFaults(model: ModelProto): Generator<string> {
  for (const body of bodiesOf(model)) {
    const names = new Set<string>();
    for (const { name } of body.initializers) {
      if (names.has(name)) {
        yield `initializer ${quoted(name)}: there are two of that name; each needs its own`;
      }
      names.add(name);
    }
    for (const { tensor, what } of tensorsOf(body)) {
      const fault = tensorFault(tensor);
      if (fault) yield `${what}: ${fault}`;
    }
  }
}

function tensorFault(tensor: TensorProto): string | undefined {
  if (isExternal(tensor)) {
    const location = tensor.externalData.find((entry) => entry.key === 'location')?.value ?? '';
    return `its data lie in another file (${quoted(location)}) and a model must be one file; load it where that file is and save it whole: onnx.save_model(onnx.load("model.onnx"), "whole.onnx", save_as_external_data=False)`;
  }
  const count = elementCount(tensor);
  if (count === undefined) {
    return tensor.dims.length > MAX_RANK
      ? `has ${tensor.dims.length} dimensions; expected at most ${MAX_RANK}`
      : `its dimensions are [${tensor.dims.join(',')}]; none may be negative`;
  }
  const type = elementType(tensor.dataType);
  if (!type) return `${elementName(tensor.dataType)} is not one that ONNX has`;
  return sizeFault(tensor, type, count);
}

/** `data_location` decides; a list of places without it is taken as the same intent. */
function isExternal(tensor: TensorProto): boolean {
  return (
    tensor.dataLocation === TensorProto_DataLocation.EXTERNAL || tensor.externalData.length > 0
  );
}

function sizeFault(tensor: TensorProto, type: ElementType, count: bigint): string | undefined {
  const shape = `${type.name} [${tensor.dims.join(',')}]`;
  if (tensor.rawData.length > 0) {
    const expected = type.bits === 0 ? 0n : packedBytes(type, count);
    return BigInt(tensor.rawData.length) === expected
      ? undefined
      : `holds ${tensor.rawData.length} bytes; ${shape} takes ${expected}. The file was damaged or written wrong: export it again`;
  }
  const entries = BigInt(typedEntries(tensor));
  const expected = expectedEntries(type, tensor.dataType, count);
  return entries === expected
    ? undefined
    : `holds ${entries} values; ${shape} takes ${expected}. The file was damaged or written wrong: export it again`;
}

/** Entries in the typed field that ONNX assigns to the element type. */
function typedEntries(tensor: TensorProto): number {
  switch (tensor.dataType) {
    case T.FLOAT:
    case T.COMPLEX64:
      return tensor.floatData.length;
    case T.DOUBLE:
    case T.COMPLEX128:
      return tensor.doubleData.length;
    case T.INT64:
      return tensor.int64Data.length;
    case T.UINT32:
    case T.UINT64:
      return tensor.uint64Data.length;
    case T.STRING:
      return tensor.stringData.length;
    default:
      return tensor.int32Data.length;
  }
}

/** Complex numbers take two entries each; types of less than a byte share one, packed as bytes. */
function expectedEntries(type: ElementType, dataType: number, count: bigint): bigint {
  if (dataType === T.COMPLEX64 || dataType === T.COMPLEX128) return count * 2n;
  return type.bits > 0 && type.bits < 8 ? packedBytes(type, count) : count;
}
