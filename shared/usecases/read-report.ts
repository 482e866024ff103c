import { ServingError } from '../errors.ts';
import type { Assessment } from '../evaluation/assessment.ts';
import type { ModelFiles } from '../ports/model-files.ts';
import type { VersionView } from './version-lifecycle.ts';

/**
 * The whole assessment of a version that was decided; undefined where there is none, or where its
 * file is gone or spoilt: the verdict then still says what became of the gates.
 * @throws ServingError `unavailable`, `overloaded`
 */
export async function readReport(
  { modelFiles }: { readonly modelFiles: ModelFiles },
  { model, submission: { incarnation }, verdict }: VersionView,
): Promise<Assessment | undefined> {
  if (!verdict?.assessment) return undefined;
  const { digest, bytes } = verdict.assessment;
  try {
    const file = await modelFiles.open({ model, incarnation, digest, name: 'report.json' }, bytes);
    try {
      const text = await new Response(await file.stream(0, bytes)).text();
      // Only keepReport makes what has this digest, which was verified.
      return JSON.parse(text) as Assessment;
    } finally {
      file.release();
    }
  } catch (error) {
    if (error instanceof ServingError && error.failure.kind === 'damaged') return undefined;
    throw error;
  }
}
