import { readFile } from 'node:fs/promises';
import { fromBinary } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { ModelProtoSchema } from '../shared/graph/generated/onnx_pb.ts';
import { variant } from './variant.ts';

test('a variant is the same model with a remark, whatever stood there', async () => {
  const bytes = await readFile('models/digits/model.onnx');
  const model = fromBinary(ModelProtoSchema, bytes);
  const other = fromBinary(ModelProtoSchema, variant(variant(bytes, 'one'), 'two'));
  expect(other).toEqual({ ...model, docString: 'two' });
  expect(() => variant(bytes, 'x'.repeat(128))).toThrow('127');
});
