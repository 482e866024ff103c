// Runs the whole suite in the runtime itself and prints, as JSON, why each case failed: null where
// it passed. A process of its own, since the runtime's tensors don't know jest's arrays.
import { messageOf } from '../../shared/errors.ts';
import { bareModel } from './bare-runtime.ts';
import { type Case, listCases, readExchanges } from './onnx-cases.ts';
import { firstDifference } from './tensor-difference.ts';

async function failureOf(entry: Case): Promise<string | null> {
  try {
    const run = await bareModel(entry.modelFile);
    for (const { inputs, outputs } of readExchanges(entry)) {
      const got = await run(
        inputs,
        outputs.map(({ name }) => name),
      );
      const found = firstDifference(got, outputs);
      if (found) return found;
    }
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

const failures: Record<string, string | null> = {};
for (const entry of listCases(process.argv[2] ?? '')) {
  failures[entry.name] = await failureOf(entry);
}
process.stdout.write(JSON.stringify(failures));
