import { quoted } from '../ids.ts';
import { bodiesOf, domainName, functionKey } from './bodies.ts';
import type { ModelProto } from './generated/onnx_pb.ts';

/** The domains whose operators the bare runtime brings along. Which of them, it says itself. */
const KNOWN_DOMAINS: ReadonlySet<string> = new Set([
  'ai.onnx',
  'ai.onnx.ml',
  'ai.onnx.preview.training',
  'ai.onnx.training',
  'com.microsoft',
  'com.microsoft.experimental',
  'com.microsoft.nchwc',
]);

/** Operators that are neither in a known domain nor a function of the model; a reason for each. */
export function* operatorFaults(model: ModelProto): Generator<string> {
  const functions = new Set(model.functions.map(functionKey));
  const custom = new Map<string, number>();
  for (const body of bodiesOf(model)) {
    for (const node of body.nodes) {
      const domain = domainName(node.domain);
      const key = `${domain}::${node.opType}`;
      if (KNOWN_DOMAINS.has(domain) || functions.has(key)) continue;
      custom.set(key, (custom.get(key) ?? 0) + 1);
    }
  }
  for (const [key, count] of custom) {
    yield `operator ${quoted(key)} (${count} node${count === 1 ? '' : 's'}): onnxruntime has no operators of that domain and the model no function of that name; export with ONNX's own operators, or with the operator as a model-local function`;
  }
}
