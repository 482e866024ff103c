import { type FailureKind, ServingError } from '../errors.ts';
import type { EvaluationFile } from '../evaluation/assessment.ts';
import { batchRows } from '../inference/batching.ts';
import type { ArtifactRef } from '../ports/artifacts.ts';
import type { Inspection, InspectionSubject, ModelInspector } from '../ports/inspection.ts';
import type { ModelFile, ModelFiles } from '../ports/model-files.ts';
import type { Card } from '../registry/card.ts';
import { evaluationFor, type Production } from './production-beside.ts';
import type { VersionView } from './version-lifecycle.ts';

export interface ExamineDeps {
  readonly modelFiles: ModelFiles;
  readonly inspector: ModelInspector;
}

/** What an examination found, and on which rows. */
export interface Examined {
  readonly inspection: Inspection;
  readonly evaluation?: EvaluationFile;
}

/** Failures of bringing the version's own files here that another attempt would only repeat. */
const FINAL: ReadonlySet<FailureKind> = new Set(['damaged', 'tooLarge']);

/**
 * Brings here what is to be examined, and what it is held against, and has it examined. Production
 * that can't be brought here is left out, with a warning. @throws whatever may pass
 */
export async function examine(
  { modelFiles, inspector }: ExamineDeps,
  { view, card, production }: { view: VersionView; card: Card; production: Production | undefined },
): Promise<Examined> {
  const { model, submission } = view;
  const { incarnation } = submission;
  const held: ModelFile[] = [];
  const open = async (
    { digest, bytes }: { digest: ArtifactRef['digest']; bytes: number },
    name: ArtifactRef['name'],
  ): Promise<string> => {
    const file = await modelFiles.open({ model, incarnation, digest, name }, bytes);
    held.push(file);
    return file.path;
  };
  const evaluation = evaluationFor(view, production);
  try {
    const file = await open(submission, 'model.onnx');
    const rows = evaluation && (await open(evaluation, 'evaluation.csv'));
    const beside = rows && production ? await besideOrWhy(production, open) : undefined;
    const inspection = await inspector.inspect({
      file,
      card,
      ...(rows && { evaluation: rows }),
      ...(beside && typeof beside !== 'string' && { production: beside }),
    });
    return {
      inspection:
        inspection.ok && typeof beside === 'string'
          ? { ...inspection, warnings: [...inspection.warnings, beside] }
          : inspection,
      ...(evaluation && { evaluation }),
    };
  } catch (error) {
    if (!(error instanceof ServingError) || !FINAL.has(error.failure.kind)) throw error;
    return { inspection: { ok: false, reasons: [error.failure.detail] } };
  } finally {
    for (const file of held) file.release();
  }
}

/** Production as it is to be asked; why not, as a warning, where its file can't be brought here. */
async function besideOrWhy(
  { submission, verdict }: Production,
  open: (file: Production['submission'], name: 'model.onnx') => Promise<string>,
): Promise<NonNullable<InspectionSubject['production']> | string> {
  const { card, outcome } = verdict;
  const { signature, batching, facts } = outcome;
  try {
    return {
      file: await open(submission, 'model.onnx'),
      signature,
      card,
      batchRows: batchRows({ batching, quantized: facts.quantized }, card),
    };
  } catch (error) {
    if (!(error instanceof ServingError) || error.failure.kind === 'unavailable') throw error;
    return `there is no comparison with production: ${error.failure.detail}`;
  }
}
