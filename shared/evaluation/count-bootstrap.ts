import { drawCells, resamplesFor } from './bootstrap.ts';
import { COUNT_FIGURES, type CountFigure, classFigures, countFigures } from './count-figures.ts';
import { keep, room, type Samples } from './samples.ts';
import { addToTally, clearTally, compactClasses, emptyTally, type Tally } from './tally.ts';

export interface CountSamples {
  readonly resamples: number;
  readonly version: Samples<CountFigure>;
  readonly production?: Samples<CountFigure>;
  readonly difference?: Samples<CountFigure>;
  /** The version's, by class as asked for. */
  readonly perClass: readonly Samples<'precision' | 'recall' | 'f1'>[];
}

interface Counted {
  readonly truth: Int32Array;
  readonly version: Int32Array;
  readonly production: Int32Array | undefined;
  /** Whose own figures are wanted. */
  readonly shown: readonly number[];
  readonly random: () => number;
}

/**
 * Draws the rows anew again and again. All figures here follow from how many rows each cell (true
 * class, production's answer, the version's answer) has, so cells are drawn: rows cost nothing.
 */
export function bootstrapCounts(counted: Counted): CountSamples {
  const { truth, version, production, shown, random } = counted;
  const { cells, counts, classes } = cellsOf(truth, version, production);
  const resamples = resamplesFor(cells.length + 2 * classes.size);
  const drawn = new Float64Array(counts.length);
  const tallies = { version: emptyTally(classes.size), production: emptyTally(classes.size) };
  const samples = {
    version: room(COUNT_FIGURES, resamples),
    production: room(COUNT_FIGURES, resamples),
    difference: room(COUNT_FIGURES, resamples),
    perClass: shown.map(() => room(['precision', 'recall', 'f1'], resamples)),
  };
  for (let resample = 0; resample < resamples; resample++) {
    drawCells(counts, drawn, random);
    addUp(tallies, cells, drawn);
    const figures = countFigures(tallies.version);
    keep(samples.version, resample, figures);
    for (const [place, shownClass] of shown.entries()) {
      const compact = classes.get(shownClass);
      const own = samples.perClass[place];
      if (own && compact !== undefined) {
        keep(own, resample, classFigures(tallies.version, compact));
      }
    }
    if (!production) continue;
    const before = countFigures(tallies.production);
    keep(samples.production, resample, before);
    for (const name of COUNT_FIGURES) {
      samples.difference[name][resample] = figures[name] - before[name];
    }
  }
  const { version: own, perClass, ...compared } = samples;
  return { resamples, version: own, perClass, ...(production && compared) };
}

interface Cell {
  readonly truth: number;
  readonly version: number;
  readonly production: number;
}

/** Classes get small numbers, so that those that no row has cost nothing. */
function cellsOf(
  truth: Int32Array,
  version: Int32Array,
  production: Int32Array | undefined,
): { cells: Cell[]; counts: Float64Array; classes: ReadonlyMap<number, number> } {
  const compact = compactClasses();
  const found = new Map<string, Cell & { rows: number }>();
  for (let row = 0; row < truth.length; row++) {
    const cell = {
      truth: compact(truth[row] ?? 0),
      version: compact(version[row] ?? -1),
      production: compact(production?.[row] ?? -1),
    };
    const key = `${String(cell.truth)} ${String(cell.version)} ${String(cell.production)}`;
    const known = found.get(key);
    if (known) known.rows += 1;
    else found.set(key, { ...cell, rows: 1 });
  }
  const cells = [...found.values()].sort((a, b) => b.rows - a.rows);
  return { cells, counts: Float64Array.from(cells, ({ rows }) => rows), classes: compact.numbers };
}

function addUp(
  tallies: { version: Tally; production: Tally },
  cells: readonly Cell[],
  drawn: Float64Array,
): void {
  clearTally(tallies.version);
  clearTally(tallies.production);
  for (let index = 0; index < cells.length; index++) {
    const cell = cells[index];
    const rows = drawn[index] ?? 0;
    if (!cell || rows === 0) continue;
    addToTally(tallies.version, cell.truth, cell.version, rows);
    addToTally(tallies.production, cell.truth, cell.production, rows);
  }
}
