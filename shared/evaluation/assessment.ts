import type { Digest, Version } from '../ids.ts';
import type { Compatibility } from './compatibility.ts';
import type { Cost } from './cost.ts';
import type { GateResult } from './gates.ts';
import type { Quality } from './quality.ts';
import type { Robustness } from './robustness.ts';

/** Which rows of the evaluation file were asked. */
export interface EvaluatedRows {
  /** Data rows in the file. */
  readonly inFile: number;
  /** How many of them were asked: all, or evenly spaced ones. */
  readonly asked: number;
  /** Of these, rows whose label can't be told: no figure counts them. */
  readonly unlabelled: number;
  /** Labelled rows that the version could not answer: they count as wrong. */
  readonly failed: number;
  /** The first of both kinds, by line of the file. */
  readonly problems: readonly { readonly line: number; readonly why: string }[];
}

/** What running a model on its evaluation file, and on inputs made to break it, has shown. */
export interface Measurements {
  /** Absent without labelled rows; `qualityProblem` then says why, where there was a file. */
  readonly quality?: Quality;
  readonly qualityProblem?: string;
  /** Absent without an evaluation file, and where none of its rows could be asked. */
  readonly evaluated?: EvaluatedRows;
  readonly robustness: Robustness;
  readonly cost: Cost;
}

/** The labelled file; `from`: the production version that lent its own. */
export interface EvaluationFile {
  readonly digest: Digest;
  readonly bytes: number;
  readonly from?: Version;
}

/** The readiness report: what was measured, against what stands, and whether that is good enough. */
export interface Assessment extends Measurements {
  readonly evaluation?: EvaluationFile;
  /** Against production as it was then; absent: there was none. */
  readonly compatibility?: { readonly version: Version; readonly found: Compatibility };
  readonly gates: readonly GateResult[];
}
