import type { Cost } from '../../evaluation/cost.ts';
import type { GraphFacts } from '../../graph/facts.ts';
import type { DraftSignature } from '../../graph/signature.ts';
import type { Batching } from '../../inference/batching.ts';
import type { Inspection, InspectionSubject } from '../../ports/inspection.ts';
import type { Signature } from '../../protocol/tensor.ts';
import type { MeasuredPart, Measuring, Phase } from './examination.ts';

/** What a working thread of the examining process is started for. */
export type Step =
  | { readonly kind: 'read'; readonly file: string }
  | { readonly kind: 'run'; readonly file: string; readonly draft: DraftSignature }
  | MeasureStep;

/** Measures a model that can be served. */
export interface MeasureStep {
  readonly kind: 'measure';
  readonly subject: InspectionSubject;
  readonly found: Extract<Inspection, { ok: true }>;
  readonly sample: Sample;
  readonly cost: Cost;
  readonly evaluationMs: number;
}

/** What made-up input the model runs on: all ones, all zeros, or none that was tried. */
export type Sample = 0 | 1 | undefined;

/** What it posts: phases as they begin, parts as they are measured, then one of the others. */
export type Outcome =
  | { readonly kind: 'phase'; readonly phase: Phase }
  | { readonly kind: 'measuring'; readonly what: Measuring }
  | { readonly kind: 'measured'; readonly part: MeasuredPart }
  | {
      readonly kind: 'read';
      readonly facts: GraphFacts;
      readonly draft: DraftSignature;
      readonly warnings: readonly string[];
    }
  | {
      readonly kind: 'run';
      readonly signature: Signature;
      readonly warnings: readonly string[];
      readonly loadMs: number;
      readonly runMs?: number;
      readonly batching?: Batching;
      readonly sample: Sample;
      readonly memoryBytes: number;
    }
  | { readonly kind: 'rejected'; readonly inspection: Extract<Inspection, { ok: false }> }
  | { readonly kind: 'done' };

/** Of a thread that measures: says what it turns to, and what it found. */
export interface Telling {
  /** Resolves when that, and all before, is out of the process: what comes may end it. */
  begin(what: Measuring): Promise<void>;
  found(part: MeasuredPart): void;
}
