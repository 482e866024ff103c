import { fromBinary } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { modelBytes, node, T, tensorValue } from '../../../test/model-maker.ts';
import { ModelProtoSchema } from '../../graph/generated/onnx_pb.ts';
import { smallestModel } from './smallest-model.ts';

test('is an Identity of a scalar', () => {
  const expected = modelBytes({
    node: [node('Identity', ['x'], ['y'])],
    input: [tensorValue('x', T.FLOAT, [])],
    output: [tensorValue('y', T.FLOAT, [])],
  });
  const { graph, irVersion, opsetImport } = fromBinary(ModelProtoSchema, smallestModel());
  const { node: nodes, input, output } = fromBinary(ModelProtoSchema, expected).graph ?? {};
  expect(graph).toMatchObject({ node: nodes, input, output });
  expect([irVersion, opsetImport[0]?.version]).toEqual([8n, 17n]);
});
