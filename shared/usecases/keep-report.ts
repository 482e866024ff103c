import type { Assessment } from '../evaluation/assessment.ts';
import { type GateResult, holdsOf } from '../evaluation/gates.ts';
import type { ArtifactStore } from '../ports/artifacts.ts';
import type { Spool } from '../ports/model-files.ts';
import { canonicalJson } from '../registry/canonical-json.ts';
import type { AssessmentSummary } from '../registry/model-record.ts';
import type { VersionView } from './version-lifecycle.ts';

export interface ReportDeps {
  readonly spool: Spool;
  readonly artifacts: Pick<ArtifactStore, 'put'>;
}

/** Figures are bounded where they are made; this is far beyond. */
const MAX_REPORT_BYTES = 16_000_000;
/** What of it goes into the verdict, a document that must stay small. */
const MAX_GATES = 64;
const MAX_CHANGES = 32;
const MAX_TEXT = 500;
const MAX_LINES = 20;

/** Keeps the whole report beside the version's other artifacts; the same findings are the same file. */
export async function keepReport(
  { spool, artifacts }: ReportDeps,
  { model, submission: { incarnation } }: VersionView,
  assessment: Assessment,
): Promise<AssessmentSummary> {
  const text = canonicalJson(assessment, 'report');
  const limit = { what: 'report', maxBytes: MAX_REPORT_BYTES };
  const file = await spool.write(once(Buffer.from(text)), limit);
  try {
    const { digest, bytes, path } = file;
    await artifacts.put({ model, incarnation, digest, name: 'report.json' }, path);
    return summaryOf(assessment, { digest, bytes });
  } finally {
    await file.discard();
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

function summaryOf(
  { evaluation, compatibility, gates }: Assessment,
  file: Pick<AssessmentSummary, 'digest' | 'bytes'>,
): AssessmentSummary {
  const holds = holdsOf(gates);
  return {
    ...file,
    ...(evaluation && { evaluation }),
    ...(compatibility && {
      compatibility: {
        version: compatibility.version,
        found: {
          kind: compatibility.found.kind,
          changes: compatibility.found.changes.slice(0, MAX_CHANGES).map(short),
        },
      },
    }),
    gates: gates.slice(0, MAX_GATES).map((gate) => ({
      ...gate,
      gate: short(gate.gate),
      why: short(gate.why),
      ...(gate.lines && { lines: gate.lines.slice(0, MAX_LINES) }),
    })) satisfies GateResult[],
    ...(holds !== undefined && { holds: short(holds) }),
  };
}

function short(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text;
}
