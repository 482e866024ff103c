import { fromBinary } from '@bufbuild/protobuf';
import { messageOf } from '../errors.ts';
import { type ModelProto, ModelProtoSchema } from './generated/onnx_pb.ts';

/** How deep messages may nest; the runtime's own parser has the same limit. */
const MAX_DEPTH = 100;

/** Beginnings of files that are often taken for ONNX. */
const LOOKALIKES: readonly (readonly [at: number, bytes: string, what: string])[] = [
  [0, 'PK\u0003\u0004', 'a ZIP archive (PyTorch .pt, Keras .keras)'],
  [0, '\u0089HDF', 'HDF5 (Keras .h5)'],
  [4, 'TFL3', 'TensorFlow Lite'],
  [4, 'ORTM', 'the ORT format'],
  [0, '\u001f\u008b', 'gzip'],
  [0, 'version https://git-lfs', 'a Git LFS pointer: fetch the file itself (git lfs pull)'],
  [0, '<', 'HTML or XML'],
];

export type Decoding =
  | { readonly ok: true; readonly model: ModelProto }
  | { readonly ok: false; readonly reason: string };

/** Reads the protobuf; byte fields of the result are views into `bytes`. */
export function decodeModel(bytes: Uint8Array): Decoding {
  if (bytes.length === 0) return { ok: false, reason: 'the file is empty; expected an ONNX model' };
  try {
    const model = fromBinary(ModelProtoSchema, bytes, {
      readUnknownFields: false,
      recursionLimit: MAX_DEPTH,
    });
    if (model.graph) return { ok: true, model };
    return { ok: false, reason: notOnnx(bytes, 'it holds no graph') };
  } catch (error) {
    return { ok: false, reason: notOnnx(bytes, messageOf(error)) };
  }
}

function notOnnx(bytes: Uint8Array, detail: string): string {
  const start = String.fromCharCode(...bytes.subarray(0, 64));
  const lookalike = LOOKALIKES.find(([at, magic]) => start.startsWith(magic, at));
  const got = lookalike ? `it looks like ${lookalike[2]}` : detail;
  return `the file (${bytes.length} bytes) is not an ONNX model, or was cut short: ${got}. Expected the bytes of one .onnx file`;
}
