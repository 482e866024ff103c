import type { ProbeName } from '../../../evaluation/robustness.ts';
import type { Signature, Tensor } from '../../../protocol/tensor.ts';
import type { Telling } from '../examiner-steps.ts';
import type { Spread } from './column-spread.ts';
import { HOSTILE, type Usual } from './hostile-inputs.ts';
import type { Run } from './own-run.ts';
import { tryAll, tryMissingInput, tryWrongShape } from './probes.ts';

/** A model that takes longer for a run would take too long for all of them. */
const SLOW_RUN_MS = 1_000;

/** What the evaluation file said of the columns. */
export interface Rows {
  readonly spreads: readonly (Spread | undefined)[];
}

interface Tried {
  readonly signature: Signature;
  readonly run: Run;
  /** One row that should do; absent where there is none. */
  readonly row: readonly Tensor[] | undefined;
  /** How long a run of it takes; absent: it fails. */
  readonly runMs: number | undefined;
  readonly rows: Rows | undefined;
}

/** Tries what nobody meant for the model, in the order of `PROBES`. */
export async function tryEverything(
  { signature, run, row, runMs, rows }: Tried,
  telling: Telling,
): Promise<void> {
  const why = whyNot(row, runMs);
  await telling.begin('missing input');
  telling.found({
    kind: 'probe',
    probe: { probe: 'missing input', ...tryMissingInput(signature) },
  });
  await telling.begin('wrong shape');
  telling.found({
    kind: 'probe',
    probe: {
      probe: 'wrong shape',
      ...(await tryWrongShape(run, signature, why === undefined ? row : undefined)),
    },
  });
  const usual: Usual = { specs: signature.inputs, row: row ?? [], spreads: rows?.spreads ?? [] };
  for (const probe of Object.keys(HOSTILE) as (keyof typeof HOSTILE & ProbeName)[]) {
    await telling.begin(probe);
    const tried = await tryAll(run, why ?? HOSTILE[probe](usual));
    telling.found({ kind: 'probe', probe: { probe, ...tried } });
  }
}

function whyNot(row: readonly Tensor[] | undefined, runMs: number | undefined): string | undefined {
  if (!row || runMs === undefined) return 'no input is known that it answers';
  if (row.length === 0) return 'it takes no inputs';
  return runMs > SLOW_RUN_MS ? `one run takes ${Math.round(runMs)} ms` : undefined;
}
