import type { EvaluatedRows } from '../../evaluation/assessment.ts';
import type { Cost } from '../../evaluation/cost.ts';
import type { Quality } from '../../evaluation/quality.ts';
import type { Probe, ProbeName, Robustness } from '../../evaluation/robustness.ts';
import type { GraphFacts } from '../../graph/facts.ts';
import type { Inspection, InspectionSubject } from '../../ports/inspection.ts';

// Types alone: the examining process starts for every model, and a parser would double its start.

/** What the examining process is told, once. */
export interface Order {
  readonly subject: InspectionSubject;
  /** The most memory the process may take; its JavaScript heap is bounded by it too. */
  readonly memoryBytes: number;
  /** How long measuring may take, ms: by it the rows are counted that can be asked. */
  readonly evaluationMs: number;
}

/** How far an examination has come; a crash is told by it. */
export type Phase = 'starting' | 'reading' | 'loading' | 'running' | 'measuring';

/** What is being measured. */
export type Measuring = 'cost' | 'production' | 'quality' | ProbeName;

/** A part of what was measured, told as soon as it is known. */
export type MeasuredPart =
  | { readonly kind: 'cost'; readonly cost: Cost }
  | { readonly kind: 'evaluated'; readonly evaluated: EvaluatedRows }
  | { readonly kind: 'quality'; readonly quality: Quality }
  | { readonly kind: 'qualityProblem'; readonly why: string }
  | { readonly kind: 'rows'; readonly rows: NonNullable<Robustness['rows']> }
  | { readonly kind: 'probe'; readonly probe: Probe }
  | { readonly kind: 'warning'; readonly text: string };

/** What the examining process says. */
export type Message =
  | { readonly kind: 'phase'; readonly phase: Phase }
  /** What was read, ahead of what a crash would take with it. */
  | { readonly kind: 'facts'; readonly facts: GraphFacts }
  /** Whether the model can be served; all else is about how well. `cost` stands where it can. */
  | { readonly kind: 'examined'; readonly inspection: Inspection; readonly cost?: Cost }
  | { readonly kind: 'measuring'; readonly what: Measuring }
  | { readonly kind: 'measured'; readonly part: MeasuredPart }
  | { readonly kind: 'done' }
  /** The examination itself went wrong: the file can't be read, the runtime isn't there. */
  | { readonly kind: 'failed'; readonly detail: string };
