import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { messageOf } from '../../errors.ts';
import type { Batching, BatchPoint } from '../../inference/batching.ts';
import { concatRows, sliceRows } from '../../protocol/rows.ts';
import type { Tensor as OwnTensor, Signature } from '../../protocol/tensor.ts';
import { fromRuntime, toRuntime } from './runtime-tensor.ts';
import { sampleRow } from './sample-row.ts';

/** How many rows the curve goes up to. */
const MAX_ROWS = 64;
/** Neighbours of a row in the proof. */
const NEIGHBOURS = 3;
const TRIALS = 4;
/** A batch and a row alone take different paths through the runtime's kernels. */
const TOLERANCE = 1e-5;
/** A point of the curve is measured this long, or this often. */
const POINT_MS = 15;
const MAX_POINT_RUNS = 200;
/** Elements of all inputs together, in one run. */
const MAX_ELEMENTS = 16_000_000;
/** A model that takes longer for one run is not measured in larger ones. */
const SLOW_RUN_MS = 250;

type Row = readonly OwnTensor[];

/**
 * Whether rows of different callers may share a run, and how fast the model is in batches. A row
 * beside ordinary and beside extreme neighbours must answer the very same bits at the same batch
 * size, and alone within 1e-5. Never throws for what the model does.
 */
export async function examineBatching(
  session: InferenceSession,
  signature: Signature,
): Promise<Batching> {
  const none = (why: string): Batching => ({ proven: false, why, curve: [] });
  const fixed = [...signature.inputs, ...signature.outputs].find(({ shape }) => shape?.[0] !== -1);
  if (signature.inputs.length === 0) return none('it has no inputs');
  if (fixed) return none(`\`${fixed.name}\` has no dynamic first dimension`);
  const elements = signature.inputs
    .map((spec) => sampleRow(spec, 0, 'ordinary').data.length)
    .reduce((sum, length) => sum + length, 0);
  const mostRows = Math.min(MAX_ROWS, Math.floor(MAX_ELEMENTS / Math.max(1, elements)));
  if (mostRows <= NEIGHBOURS) return none('several of its rows are too large to make up');
  try {
    const run = runner(session, signature);
    const why = await findDependence(run, signature);
    return {
      proven: why === undefined,
      why: why ?? 'a row answers the same beside any neighbours that were tried',
      curve: await measureCurve(session, signature, mostRows),
    };
  } catch (error) {
    return none(
      `not tried: several rows of generated input fail: ${messageOf(error).slice(0, 300)}`,
    );
  }
}

type Run = (rows: readonly Row[]) => Promise<OwnTensor[]>;

function runner(session: InferenceSession, { inputs, outputs }: Signature): Run {
  const names = outputs.map(({ name }) => name);
  return async (rows) => {
    const feeds = Object.fromEntries(
      inputs.map(({ name }, index) => [
        name,
        toRuntime({ Tensor }, concatRows(rows.map((row) => row[index] as OwnTensor))),
      ]),
    );
    const values = await session.run(feeds, names);
    return names.map((name) => {
      const tensor = fromRuntime(name, values[name] as Tensor);
      if (tensor.shape[0] !== rows.length) {
        throw new Error(`\`${name}\` has ${tensor.shape[0] ?? 0} rows for ${rows.length}`);
      }
      return tensor;
    });
  };
}

/** What shows that a row's answer depends on its neighbours; undefined when nothing does. */
async function findDependence(run: Run, { inputs }: Signature): Promise<string | undefined> {
  for (let trial = 0; trial < TRIALS; trial++) {
    const row = inputs.map((spec) => sampleRow(spec, trial, 'ordinary'));
    const beside = (kind: 'ordinary' | 'extreme') =>
      Array.from({ length: NEIGHBOURS }, (_, index) =>
        inputs.map((spec) => sampleRow(spec, 100 * (trial + 1) + index, kind)),
      );
    const alone = await run([row]);
    const position = trial % (NEIGHBOURS + 1);
    const answers = async (neighbours: Row[]) => {
      const rows = neighbours.toSpliced(position, 0, row);
      return (await run(rows)).map((tensor) => sliceRows(tensor, position, position + 1));
    };
    const ordinary = await answers(beside('ordinary'));
    const extreme = await answers(beside('extreme'));
    for (const [index, tensor] of ordinary.entries()) {
      const other = extreme[index] as OwnTensor;
      if (distance(tensor, other) !== 0) {
        return `\`${tensor.name}\` of a row changes with the rows beside it`;
      }
      if (!(distance(tensor, alone[index] as OwnTensor) <= TOLERANCE)) {
        return `\`${tensor.name}\` of a row differs between alone and in a batch`;
      }
    }
  }
  return undefined;
}

/** The largest difference, relative where values are large; 0 only for the same bits. */
function distance(a: OwnTensor, b: OwnTensor): number {
  if (a.shape.join() !== b.shape.join()) return Infinity;
  let most = 0;
  for (let index = 0; index < a.data.length; index++) {
    const x = a.data[index];
    const y = b.data[index];
    if (Object.is(x, y)) continue;
    if (typeof x !== 'number' || typeof y !== 'number') return Infinity;
    const difference = Math.abs(x - y) / Math.max(1, Math.abs(x), Math.abs(y));
    most = Math.max(most, Number.isNaN(difference) ? Infinity : difference || Number.MIN_VALUE);
  }
  return most;
}

async function measureCurve(
  session: InferenceSession,
  signature: Signature,
  mostRows: number,
): Promise<BatchPoint[]> {
  const curve: BatchPoint[] = [];
  const names = signature.outputs.map(({ name }) => name);
  for (let rows = 1; rows <= mostRows; rows *= 2) {
    const feeds = Object.fromEntries(
      signature.inputs.map((spec) => [
        spec.name,
        toRuntime(
          { Tensor },
          concatRows(Array.from({ length: rows }, (_, row) => sampleRow(spec, row, 'ordinary'))),
        ),
      ]),
    );
    await session.run(feeds, names); // the first run of a size allocates
    const began = performance.now();
    let runs = 0;
    let elapsed = 0;
    do {
      await session.run(feeds, names);
      runs++;
      elapsed = performance.now() - began;
    } while (elapsed < POINT_MS && runs < MAX_POINT_RUNS);
    curve.push({ rows, rowsPerSecond: Math.round((runs * rows * 1000) / elapsed) });
    if (elapsed / runs > SLOW_RUN_MS) break;
  }
  return curve;
}
