import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import {
  type ModelProto,
  ModelProtoSchema,
  TensorProtoSchema,
  type ValueInfoProto,
} from '../../shared/graph/generated/onnx_pb.ts';
import type { Tensor } from '../../shared/protocol/tensor.ts';
import { storedTensor } from './stored-tensor.ts';

/** One case of the ONNX backend suite: a model, and inputs with the outputs that are right. */
export interface Case {
  /** `node/test_add`. */
  readonly name: string;
  readonly modelFile: string;
  readonly sets: readonly DataSet[];
}

export interface DataSet {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

const GROUPS = ['node', 'pytorch-converted', 'pytorch-operator', 'simple'];

/** The cases below a folder laid out as Debian's libonnx-testdata is; those of `real` hold no data. */
export function listCases(root: string): Case[] {
  return GROUPS.flatMap((group) =>
    readdirSync(join(root, group))
      .sort()
      .map((name) => {
        const folder = join(root, group, name);
        const sets = readdirSync(folder)
          .filter((entry) => entry.startsWith('test_data_set_'))
          .sort()
          .map((set) => ({
            inputs: files(join(folder, set), 'input'),
            outputs: files(join(folder, set), 'output'),
          }));
        return { name: `${group}/${name}`, modelFile: join(folder, 'model.onnx'), sets };
      }),
  );
}

/** `input_0.pb`, `input_1.pb`, … as many as there are. */
function files(folder: string, kind: 'input' | 'output'): string[] {
  const count = readdirSync(folder).filter((f) => new RegExp(`^${kind}_\\d+\\.pb$`).test(f)).length;
  return Array.from({ length: count }, (_, i) => join(folder, `${kind}_${i}.pb`));
}

/** What a case's model is sent, and what it has to answer. */
export interface Exchange {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

/** @throws Error when an input or output is no tensor, or of a type that the protocol lacks */
export function readExchanges({ modelFile, sets }: Case): Exchange[] {
  const model: ModelProto = fromBinary(ModelProtoSchema, readFileSync(modelFile));
  const graph = model.graph;
  if (!graph) throw new Error(`${modelFile}: holds no graph`);
  return sets.map((set) => ({
    inputs: set.inputs.map((file, i) => tensor(file, graph.input[i])),
    outputs: set.outputs.map((file, i) => tensor(file, graph.output[i])),
  }));
}

function tensor(file: string, value: ValueInfoProto | undefined): Tensor {
  const kind = value?.type?.value.case;
  if (!value || kind !== 'tensorType') {
    throw new Error(`${value?.name ?? file}: is no tensor (${kind ?? 'of no type'})`);
  }
  return storedTensor(value.name, fromBinary(TensorProtoSchema, readFileSync(file)));
}
