import type { Signature, TensorSpec } from '../shared/protocol/tensor.ts';
import type { VersionView } from '../shared/usecases/version-lifecycle.ts';

/** What the examination of a version found, as callers see it; undefined while it is undecided. */
export function reportOf({ model, entry, verdict }: VersionView) {
  if (!verdict) return undefined;
  const { kind, ...found } = verdict.outcome;
  return {
    model,
    version: String(entry.version),
    outcome: kind,
    decidedAt: verdict.decidedAt,
    digest: verdict.digest,
    bytes: verdict.bytes,
    ...found,
    ...('signature' in found && { signature: signatureDocument(found.signature) }),
    card: verdict.card,
  };
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
