import type { Datatype } from '../protocol/tensor.ts';
import { TensorProto_DataType as T } from './generated/onnx_pb.ts';

/** An element type of ONNX. `bits` is its size in `raw_data`; 0 for strings, which can't lie there. */
export interface ElementType {
  readonly name: string;
  readonly bits: number;
  /** Its name in the protocol; undefined: the protocol or the runtime's binding can't carry it. */
  readonly datatype?: Datatype;
}

const BY_NUMBER = new Map<number, ElementType>([
  [T.FLOAT, { name: 'FLOAT', bits: 32, datatype: 'FP32' }],
  [T.UINT8, { name: 'UINT8', bits: 8, datatype: 'UINT8' }],
  [T.INT8, { name: 'INT8', bits: 8, datatype: 'INT8' }],
  [T.UINT16, { name: 'UINT16', bits: 16, datatype: 'UINT16' }],
  [T.INT16, { name: 'INT16', bits: 16, datatype: 'INT16' }],
  [T.INT32, { name: 'INT32', bits: 32, datatype: 'INT32' }],
  [T.INT64, { name: 'INT64', bits: 64, datatype: 'INT64' }],
  [T.STRING, { name: 'STRING', bits: 0, datatype: 'BYTES' }],
  [T.BOOL, { name: 'BOOL', bits: 8, datatype: 'BOOL' }],
  [T.FLOAT16, { name: 'FLOAT16', bits: 16, datatype: 'FP16' }],
  [T.DOUBLE, { name: 'DOUBLE', bits: 64, datatype: 'FP64' }],
  [T.UINT32, { name: 'UINT32', bits: 32, datatype: 'UINT32' }],
  [T.UINT64, { name: 'UINT64', bits: 64, datatype: 'UINT64' }],
  [T.COMPLEX64, { name: 'COMPLEX64', bits: 64 }],
  [T.COMPLEX128, { name: 'COMPLEX128', bits: 128 }],
  [T.BFLOAT16, { name: 'BFLOAT16', bits: 16 }],
  [T.FLOAT8E4M3FN, { name: 'FLOAT8E4M3FN', bits: 8 }],
  [T.FLOAT8E4M3FNUZ, { name: 'FLOAT8E4M3FNUZ', bits: 8 }],
  [T.FLOAT8E5M2, { name: 'FLOAT8E5M2', bits: 8 }],
  [T.FLOAT8E5M2FNUZ, { name: 'FLOAT8E5M2FNUZ', bits: 8 }],
  [T.FLOAT8E8M0, { name: 'FLOAT8E8M0', bits: 8 }],
  [T.UINT4, { name: 'UINT4', bits: 4 }],
  [T.INT4, { name: 'INT4', bits: 4 }],
  [T.FLOAT4E2M1, { name: 'FLOAT4E2M1', bits: 4 }],
  [T.UINT2, { name: 'UINT2', bits: 2 }],
  [T.INT2, { name: 'INT2', bits: 2 }],
  [T.FLOAT6E2M3, { name: 'FLOAT6E2M3', bits: 6 }],
  [T.FLOAT6E3M2, { name: 'FLOAT6E3M2', bits: 6 }],
]);

/** The element type of a `TensorProto.DataType` number; undefined for one that ONNX doesn't have. */
export function elementType(number: number): ElementType | undefined {
  return BY_NUMBER.get(number);
}

/** The element type's name, for a message; also of numbers that ONNX doesn't have. */
export function elementName(number: number): string {
  return BY_NUMBER.get(number)?.name ?? `element type ${number}`;
}

/** Bytes that `count` elements take, packed to whole bytes. */
export function packedBytes(type: ElementType, count: bigint): bigint {
  return (count * BigInt(type.bits) + 7n) / 8n;
}
