import type { Digest, Version } from '../ids.ts';
import type { Compatibility } from './compatibility.ts';
import type { Cost } from './cost.ts';
import type { GateResult } from './gates.ts';
import type { Quality } from './quality.ts';
import type { Robustness } from './robustness.ts';

/** What running a model on its evaluation file, and on inputs made to break it, has shown. */
export interface Measurements {
  /** Absent without labelled rows; `qualityProblem` then says why, where there was a file. */
  readonly quality?: Quality;
  readonly qualityProblem?: string;
  readonly robustness: Robustness;
  readonly cost: Cost;
}

/** The readiness report: what was measured, against what stands, and whether that is good enough. */
export interface Assessment extends Measurements {
  /** The labelled file; `from`: the production version that lent its own. */
  readonly evaluation?: { readonly digest: Digest; readonly from?: Version };
  /** Against production as it was then; absent: there was none. */
  readonly compatibility?: { readonly version: Version; readonly found: Compatibility };
  readonly gates: readonly GateResult[];
}
