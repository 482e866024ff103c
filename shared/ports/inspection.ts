import type { Measurements } from '../evaluation/assessment.ts';
import type { GraphFacts } from '../graph/facts.ts';
import type { Batching } from '../inference/batching.ts';
import type { Signature } from '../protocol/tensor.ts';
import type { Card } from '../registry/card.ts';

/** What an examination of a model found. `reasons` say what is wrong and what to change. */
export type Inspection =
  | {
      readonly ok: true;
      readonly signature: Signature;
      readonly facts: GraphFacts;
      readonly warnings: readonly string[];
      /** Milliseconds to create a session, and for one run on generated input where that worked. */
      readonly loadMs: number;
      readonly runMs?: number;
      /** Absent when it could not be tried. */
      readonly batching?: Batching;
      /** Absent where that could not be brought to an end; a warning says why. */
      readonly measurements?: Measurements;
    }
  | { readonly ok: false; readonly reasons: readonly string[]; readonly facts?: GraphFacts };

/** Examines a model file that nobody trusts yet. */
export interface ModelInspector {
  /** Never throws for what the model does; throws only when the machine can't examine at all. */
  inspect(subject: InspectionSubject): Promise<Inspection>;
}

/** What is to be examined, and what it is to be held against; files are local and verified. */
export interface InspectionSubject {
  readonly file: string;
  /** The card as it counts. */
  readonly card: Card;
  /** Labelled rows, as CSV. */
  readonly evaluation?: string;
  /** The production version, to be asked the same rows. */
  readonly production?: {
    readonly file: string;
    readonly signature: Signature;
    readonly card: Card;
    readonly batchRows: number;
  };
}
