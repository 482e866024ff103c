import type { Assessment } from '../shared/evaluation/assessment.ts';
import type { Signature, TensorSpec } from '../shared/protocol/tensor.ts';
import type { AssessmentSummary, Verdict } from '../shared/registry/model-record.ts';
import type { VersionView } from '../shared/usecases/version-lifecycle.ts';

/** The whole assessment, or that it is gone; undefined: nobody looked. */
export type Whole = Assessment | 'gone' | undefined;

/**
 * What the examination of a version found, as callers see it; undefined while it is undecided. All
 * figures with the whole assessment, else what the verdict says of it in short.
 */
export function reportOf({ model, entry, verdict }: VersionView, whole?: Whole) {
  if (!verdict) return undefined;
  const { decidedAt, digest, bytes, card, assessment } = verdict;
  return {
    model,
    version: String(entry.version),
    outcome: verdict.outcome.kind,
    decidedAt,
    digest,
    bytes,
    ...findings(verdict.outcome),
    ...(assessment && assessed(assessment, whole)),
    card,
  };
}
export type Report = NonNullable<ReturnType<typeof reportOf>>;

function findings(outcome: Verdict['outcome']) {
  if (outcome.kind === 'rejected') {
    const { reasons, facts } = outcome;
    return { reasons, facts };
  }
  const { signature, facts, warnings, loadMs, runMs, batching } = outcome;
  return { signature: signatureDocument(signature), facts, warnings, loadMs, runMs, batching };
}

function assessed(summary: AssessmentSummary, whole: Whole) {
  const found = whole === undefined || whole === 'gone' ? undefined : whole;
  const { evaluation, compatibility, gates } = found ?? summary;
  const { holds } = summary;
  return {
    gates,
    ...(holds !== undefined && { holds }),
    ...(evaluation && {
      evaluation: {
        ...evaluation,
        ...(evaluation.from !== undefined && { from: String(evaluation.from) }),
        ...found?.evaluated,
      },
    }),
    ...(found && {
      quality: found.quality,
      qualityProblem: found.qualityProblem,
      robustness: found.robustness,
      cost: found.cost,
    }),
    ...(compatibility && {
      compatibility: { version: String(compatibility.version), ...compatibility.found },
    }),
    ...(whole === 'gone' && {
      note: 'the figures were kept apart and are gone; what stands here is all that is left',
    }),
  };
}

/** The protocol has no word for an unknown rank: one dynamic dimension stands for it. */
export function signatureDocument({ inputs, outputs }: Signature) {
  const tensor = ({ name, datatype, shape }: TensorSpec) => ({
    name,
    datatype,
    shape: shape ?? [-1],
  });
  return { inputs: inputs.map(tensor), outputs: outputs.map(tensor) };
}
