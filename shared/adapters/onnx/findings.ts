import type { Measurements } from '../../evaluation/assessment.ts';
import type { Cost } from '../../evaluation/cost.ts';
import { PROBES, type Probe } from '../../evaluation/robustness.ts';
import type { Inspection } from '../../ports/inspection.ts';
import type { MeasuredPart, Measuring } from './examination.ts';

type Examined = Extract<Inspection, { ok: true }>;

/** What an examination has found so far of a model that can be served: it may end at any moment. */
export class Findings {
  readonly #examined: Examined;
  #cost: Cost;
  readonly #probes = new Map<Probe['probe'], Probe>();
  #found: Omit<Measurements, 'robustness' | 'cost'> = {};
  #rows: Measurements['robustness']['rows'];
  readonly #warnings: string[] = [];

  constructor(examined: Examined, cost: Cost) {
    this.#examined = examined;
    this.#cost = cost;
  }

  take(part: MeasuredPart): void {
    switch (part.kind) {
      case 'cost':
        this.#cost = part.cost;
        break;
      case 'evaluated':
        this.#found = { ...this.#found, evaluated: part.evaluated };
        break;
      case 'quality':
        this.#found = { ...this.#found, quality: part.quality };
        break;
      case 'qualityProblem':
        this.#found = { ...this.#found, qualityProblem: part.why };
        break;
      case 'rows':
        this.#rows = part.rows;
        break;
      case 'probe':
        this.#probes.set(part.probe.probe, part.probe);
        break;
      case 'warning':
        this.#warnings.push(part.text);
    }
  }

  /** The process ended while it measured, by the model's doing. `how` is what happened. */
  crashed(what: Measuring | undefined, how: string, { evaluated }: { evaluated: boolean }): void {
    if (what === 'quality') {
      this.#found = { ...this.#found, qualityProblem: `its figures could not be made: ${how}` };
      return;
    }
    const isProbe = what !== undefined && what !== 'cost' && what !== 'production';
    const probe = isProbe ? what : 'evaluation rows';
    if (isProbe || evaluated) this.#probes.set(probe, { probe, outcome: 'crashed', why: how });
    const when = isProbe && what !== 'evaluation rows' ? ` at the probe \`${what}\`` : '';
    this.#warnings.push(`measuring it came to no end${when}: ${how}`);
    if (evaluated && this.#found.quality === undefined) {
      this.#found = { ...this.#found, qualityProblem: `no figures: ${how}` };
    }
  }

  /** Measuring went wrong for no fault of the model. */
  failed(detail: string, { evaluated }: { evaluated: boolean }): void {
    const why = `measuring it failed: ${detail}`;
    this.#warnings.push(why);
    if (evaluated && this.#found.quality === undefined) {
      this.#found = { ...this.#found, qualityProblem: why };
    }
  }

  warn(text: string): void {
    this.#warnings.push(text);
  }

  /** All of it; probes that were not come to are named too. */
  inspection({ evaluated }: { evaluated: boolean }): Examined {
    const probes = PROBES.flatMap((probe): Probe[] => {
      const tried = this.#probes.get(probe);
      if (tried) return [tried];
      const needsRows = probe === 'evaluation rows' || probe === 'small noise';
      return [
        {
          probe,
          outcome: 'notTried',
          why: needsRows && !evaluated ? 'there is no evaluation file' : 'it was not come to',
        },
      ];
    });
    return {
      ...this.#examined,
      warnings: [...this.#examined.warnings, ...this.#warnings],
      measurements: {
        ...this.#found,
        robustness: { probes, ...(this.#rows && { rows: this.#rows }) },
        cost: this.#cost,
      },
    };
  }
}
