import { messageOf, ServingError } from '../../../errors.ts';
import type { Probe } from '../../../evaluation/robustness.ts';
import { decodeRequest } from '../../../protocol/request.ts';
import { concatRows } from '../../../protocol/rows.ts';
import { shapeFits } from '../../../protocol/shape.ts';
import type { Signature, Tensor } from '../../../protocol/tensor.ts';
import { areFinite, hasNaN } from './floats.ts';
import type { Attempts, Inputs } from './hostile-inputs.ts';
import type { Run } from './own-run.ts';

const LONGEST_WHY = 200;

type Outcome = Omit<Probe, 'probe'>;

/** Runs all that was made to break the model: `refused` when the runtime refuses one of them. */
export async function tryAll(run: Run, attempts: Attempts): Promise<Outcome> {
  if (typeof attempts === 'string') return { outcome: 'notTried', why: attempts };
  let refused: string | undefined;
  let spoilt: Tensor | undefined;
  let isFinite = true;
  for (const inputs of attempts) {
    try {
      const outputs = await run(inputs);
      const found = outputs.find((output) => hasNaN(output, 0, output.data.length));
      if (found) {
        spoilt ??= found;
        isFinite &&= inputs.every((input) => areFinite(input, 0, input.data.length));
      }
    } catch (error) {
      refused ??= short(messageOf(error));
    }
  }
  if (refused !== undefined) return { outcome: 'refused', why: refused };
  if (!spoilt) return { outcome: 'answered' };
  const what = `with NaN in \`${spoilt.name}\``;
  return {
    outcome: 'answered',
    why: isFinite ? `${what}, though all it was asked is finite` : what,
  };
}

/** A request without its first input, which the signature's check refuses. */
export function tryMissingInput(signature: Signature): Outcome {
  const [first] = signature.inputs;
  if (!first) return { outcome: 'notTried', why: 'it takes no inputs' };
  return refusalOf({ inputs: [] }, signature) ?? { outcome: 'answered' };
}

/**
 * A first input with a dimension too many, and inputs of different numbers of rows. What the
 * signature leaves open goes to the runtime.
 */
export async function tryWrongShape(
  run: Run,
  signature: Signature,
  row: Inputs | undefined,
): Promise<Outcome> {
  const [first, second] = signature.inputs;
  if (!first) return { outcome: 'notTried', why: 'it takes no inputs' };
  const { name, datatype, shape = [-1] } = first;
  const odd = [0, ...shape.map((dimension) => Math.max(0, dimension))];
  const refused = refusalOf({ inputs: [{ name, datatype, shape: odd, data: [] }] }, signature);
  const attempts: Inputs[] = [];
  if (row && shapeFits([...shape, 1], first.shape)) {
    attempts.push(
      row.map((tensor, place) =>
        place === 0 ? { ...tensor, shape: [...tensor.shape, 1] } : tensor,
      ),
    );
  }
  if (row && second && first.shape?.[0] === -1 && second.shape?.[0] === -1) {
    attempts.push(row.map((tensor, place) => (place === 0 ? twice(tensor) : tensor)));
  }
  const ran = await tryAll(run, attempts);
  if (ran.outcome === 'refused') return ran;
  if (attempts.length > 0 && second && refused) {
    return { outcome: 'answered', why: 'one more row in the first input than in the others' };
  }
  return refused ?? ran;
}

/** What the signature's check says to a request; undefined: it lets it pass. */
function refusalOf(request: unknown, signature: Signature): Outcome | undefined {
  try {
    decodeRequest(Buffer.from(JSON.stringify(request)), undefined, signature);
    return undefined;
  } catch (error) {
    if (!(error instanceof ServingError)) throw error;
    return { outcome: 'refused', why: short(error.failure.detail) };
  }
}

function twice(tensor: Tensor): Tensor {
  return concatRows([tensor, tensor]);
}

function short(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, LONGEST_WHY);
}
