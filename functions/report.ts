import type { Signature, TensorSpec } from '../shared/protocol/tensor.ts';
import type { Verdict } from '../shared/registry/model-record.ts';
import type { VersionView } from '../shared/usecases/version-lifecycle.ts';

/** What the examination of a version found, as callers see it; undefined while it is undecided. */
export function reportOf({ model, entry, verdict }: VersionView) {
  if (!verdict) return undefined;
  const { decidedAt, digest, bytes, card } = verdict;
  return {
    model,
    version: String(entry.version),
    outcome: verdict.outcome.kind,
    decidedAt,
    digest,
    bytes,
    ...findings(verdict.outcome),
    card,
  };
}

function findings(outcome: Verdict['outcome']) {
  if (outcome.kind === 'rejected') {
    const { reasons, facts } = outcome;
    return { reasons, facts };
  }
  const { signature, facts, warnings, loadMs, runMs, batching } = outcome;
  return { signature: signatureDocument(signature), facts, warnings, loadMs, runMs, batching };
}
export type Report = NonNullable<ReturnType<typeof reportOf>>;

/** The protocol has no word for an unknown rank: one dynamic dimension stands for it. */
export function signatureDocument({ inputs, outputs }: Signature) {
  const tensor = ({ name, datatype, shape }: TensorSpec) => ({
    name,
    datatype,
    shape: shape ?? [-1],
  });
  return { inputs: inputs.map(tensor), outputs: outputs.map(tensor) };
}
