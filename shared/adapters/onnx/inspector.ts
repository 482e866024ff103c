import { access } from 'node:fs/promises';
import type { ModelInspector } from '../../ports/inspection.ts';
import type { Examining } from './examining-process.ts';

export interface InspectorOptions {
  /** The bundled `examiner.ts`. */
  readonly examinerFile: string;
  /** How long an examination may work until the model has run once, from the process's start. */
  readonly timeoutMs: number;
  /** How long the rows of an evaluation file may take after that. */
  readonly evaluationTimeoutMs: number;
  /** The resident memory that an examination may take (watched on Linux only). */
  readonly memoryBytes: number;
  /** Examinations at once; the others wait their turn. */
  readonly concurrency?: number;
}

/**
 * Examines each model in a process of its own that is always killed in the end, so that whatever a
 * model does to it ends there.
 */
export function createInspector(options: InspectorOptions): ModelInspector {
  const waiting: (() => void)[] = [];
  let free = options.concurrency ?? 2;
  return {
    async inspect(subject) {
      const { file, evaluation, production } = subject;
      for (const path of [file, evaluation, production?.file]) if (path) await access(path);
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        // It brings zod, for which no instance that only answers should wait.
        const { examine } = await import('./examining-process.ts');
        return await examineTwice(examine, subject, options);
      } finally {
        const next = waiting.shift();
        if (next) next();
        else free += 1;
      }
    },
  };
}

/** Where it was production that ended the process, the version is examined again without it. */
async function examineTwice(
  examine: Examining,
  subject: Parameters<Examining>[0],
  options: InspectorOptions,
): ReturnType<ModelInspector['inspect']> {
  const found = await examine(subject, options);
  if (!('productionEnded' in found)) return found;
  const { production: _, ...alone } = subject;
  const again = await examine(alone, options);
  if ('productionEnded' in again) throw new Error(`${subject.file}: ${again.productionEnded}`);
  if (!again.ok) return again;
  const warning = `there is no comparison with production, which could not be asked: ${found.productionEnded}`;
  return { ...again, warnings: [...again.warnings, warning] };
}
