import type { Assessment } from '../evaluation/assessment.ts';
import { compatibilityOf } from '../evaluation/compatibility.ts';
import { type GateResult, gatesOf } from '../evaluation/gates.ts';
import type { Card } from '../registry/card.ts';
import type { Verdict } from '../registry/model-record.ts';
import type { Examined } from './examine-version.ts';
import type { Production } from './production-beside.ts';

/** A verdict's outcome, and the whole report where the examination got that far. */
export interface Assessed {
  readonly outcome: Verdict['outcome'];
  readonly assessment?: Assessment;
}

/** Judges what was found: a version that can be served is ready unless it fails a gate. */
export function assess(
  { inspection, evaluation }: Examined,
  { card, production }: { card: Card; production: Production | undefined },
): Assessed {
  if (!inspection.ok) {
    const { reasons, facts } = inspection;
    return { outcome: { kind: 'rejected', reasons, ...(facts && { facts }) } };
  }
  const { ok: _, measurements, ...found } = inspection;
  const ready: Verdict['outcome'] = { kind: 'ready', ...found };
  if (!measurements) return { outcome: ready };
  const gates = gatesOf({ card, ...measurements }).map((gate) =>
    evaluation ? gate : leniently(gate),
  );
  const assessment: Assessment = {
    ...measurements,
    ...(evaluation && { evaluation }),
    ...(production && {
      compatibility: {
        version: production.version,
        found: compatibilityOf(
          { signature: production.verdict.outcome.signature, card: production.verdict.card },
          { signature: found.signature, card },
        ),
      },
    }),
    gates,
  };
  const failed = gates.filter(({ result }) => result === 'failed');
  if (failed.length === 0) return { outcome: ready, assessment };
  return {
    outcome: { kind: 'rejected', reasons: failed.map(reasonOf), facts: found.facts },
    assessment,
  };
}

/** What made-up input does to a model tells too little to reject it. */
function leniently(gate: GateResult): GateResult {
  if (gate.gate !== 'noCrash' || gate.result !== 'failed') return gate;
  return {
    ...gate,
    result: 'unknown',
    why: `${gate.why}; with an evaluation file this would reject the version`,
  };
}

function reasonOf({ gate, why, lines = [] }: GateResult): string {
  const shown = lines.slice(0, 10).join(', ');
  const more = lines.length > 10 ? ', …' : '';
  return `${gate}: ${why}${shown && `; look at lines ${shown}${more} of the evaluation file`}`;
}
