import { type ArmResult, OURS, type Results, TOLD, UNTOLD } from './results.ts';
import { ratioOf, type Spread, spreadOf } from './spread.ts';

/** What is promised, and what was found. */
export interface Shown {
  readonly what: string;
  readonly unit: '' | 'ms' | 'MB';
  readonly bound: { readonly least: number } | { readonly most: number };
  readonly found: Spread;
}

/** Whether the median keeps the promise. */
export function isMet({ bound, found }: Shown): boolean {
  return 'least' in bound ? found.median >= bound.least : found.median <= bound.most;
}

type Wanted = Pick<ArmResult, 'workload' | 'subject' | 'encoding' | 'clients'>;

/** Promises about speed: one arm over another. */
const RATIOS: readonly {
  readonly what: string;
  readonly above: Wanted;
  readonly below: Pick<ArmResult, 'subject' | 'encoding'>;
  readonly least: number;
}[] = [
  {
    what: 'cnn, binary, 8 clients, over the bare loop',
    above: { workload: 'cnn', subject: OURS, encoding: 'binary', clients: 8 },
    below: { subject: 'bare', encoding: undefined },
    least: 0.78,
  },
  {
    what: 'text16, binary, 32 clients, over the bare loop',
    above: { workload: 'text16', subject: OURS, encoding: 'binary', clients: 32 },
    below: { subject: 'bare', encoding: undefined },
    least: 0.75,
  },
  {
    what: 'text128, binary, 32 clients, over the bare loop',
    above: { workload: 'text128', subject: OURS, encoding: 'binary', clients: 32 },
    below: { subject: 'bare', encoding: undefined },
    least: 0.88,
  },
  {
    what: 'mlp, JSON, 64 clients, over the empty answer',
    above: { workload: 'mlp', subject: OURS, encoding: 'json', clients: 64 },
    below: { subject: 'empty', encoding: 'json' },
    least: 0.65,
  },
  {
    what: 'mlp, binary, 64 clients, over the empty answer',
    above: { workload: 'mlp', subject: OURS, encoding: 'binary', clients: 64 },
    below: { subject: 'empty', encoding: 'binary' },
    least: 0.8,
  },
  {
    what: 'mlp, JSON, 1 client, over the naive server',
    above: { workload: 'mlp', subject: OURS, encoding: 'json', clients: 1 },
    below: { subject: 'naive', encoding: 'json' },
    least: 1,
  },
  {
    what: 'mlp, JSON, 64 clients, telemetry on over off',
    above: { workload: 'mlp', subject: TOLD, encoding: 'json', clients: 64 },
    below: { subject: UNTOLD, encoding: 'json' },
    least: 0.97,
  },
  {
    what: 'cnn, binary, 64 clients, telemetry on over off',
    above: { workload: 'cnn', subject: TOLD, encoding: 'binary', clients: 64 },
    below: { subject: UNTOLD, encoding: 'binary' },
    least: 0.97,
  },
];

/** Every promise that this run can judge; those of parts it left out are left out. */
export function judge(results: Results): Shown[] {
  return [...speeds(results), ...loops(results), ...starts(results), ...memory(results)].concat(
    disturbances(results),
  );
}

function speeds({ throughput }: Results): Shown[] {
  return RATIOS.flatMap(({ what, above, below, least }) => {
    const ours = find(throughput, above);
    const theirs = find(throughput, { ...above, ...below });
    if (!ours || !theirs) return [];
    const found = ratioOf(ours.perSecond, theirs.perSecond);
    return [{ what, unit: '', bound: { least }, found }];
  });
}

function loops({ throughput }: Results): Shown[] {
  return throughput
    .filter(({ subject }) => subject === OURS)
    .flatMap((ours): Shown[] => {
      const { workload, encoding, clients, loopP99Ms } = ours;
      const what = `${workload}, ${encoding}, ${clients} clients: event loop delay p99`;
      if (clients === 8) {
        return [{ what, unit: 'ms', bound: { most: 2 }, found: spreadOf(loopP99Ms) }];
      }
      const empty = find(throughput, { ...ours, subject: 'empty' });
      if (clients !== 64 || !empty) return [];
      const found = ratioOf(loopP99Ms, empty.loopP99Ms);
      return [{ what: `${what}, over the empty server's`, unit: '', bound: { most: 1.5 }, found }];
    });
}

function starts({ starts }: Results): Shown[] {
  const over = (above: string, below: string, { what, most }: { what: string; most: number }) =>
    starts
      .filter(({ subject }) => subject === above)
      .flatMap(({ workload, totalMs }): Shown[] => {
        const other = starts.find((each) => each.subject === below && each.workload === workload);
        if (!other) return [];
        const found = ratioOf(totalMs, other.totalMs);
        const start = `${workload}: start to first answer, ${what}`;
        return [{ what: start, unit: '', bound: { most }, found }];
      });
  return [
    ...over(OURS, 'bare', { what: "over the bare runtime's", most: 1.25 }),
    ...over(TOLD, UNTOLD, { what: 'telemetry on over off', most: 1.03 }),
  ];
}

function memory({ memory }: Results): Shown[] {
  return memory
    .filter(({ subject }) => subject === OURS)
    .flatMap((ours): Shown[] => [
      {
        what: "90 MB FP32: a further thread's session, private memory",
        unit: 'MB',
        bound: { most: 10 },
        found: spreadOf(ours.furtherSessionBytes.map((bytes) => bytes / 1e6)),
      },
      {
        what: `${ours.cycles} cycles of load and unload: resident, over that after a twentieth`,
        unit: '',
        bound: { most: 1.1 },
        found: spreadOf([ours.lateResidentBytes / ours.earlyResidentBytes]),
      },
    ]);
}

function disturbances({ swaps, neighbours }: Results): Shown[] {
  const mine = <Result extends { subject: string }>(all: readonly Result[]) =>
    all.filter(({ subject }) => subject === OURS);
  return [
    ...mine(swaps).map(
      ({ workload, failures }): Shown => ({
        what: `${workload}, 8 clients, routing changes: failed requests`,
        unit: '',
        bound: { most: 0 },
        found: spreadOf([failures]),
      }),
    ),
    ...mine(neighbours).flatMap(({ workload, loadP99Ms, steadyP99Ms, loopP99Ms }): Shown[] => [
      {
        what: `${workload}, 8 clients, 90 MB loads beside: p99, over the steady one`,
        unit: '',
        bound: { most: 2 },
        found: spreadOf([loadP99Ms / steadyP99Ms]),
      },
      {
        what: `${workload}, 8 clients, 90 MB loads beside: event loop delay p99`,
        unit: 'ms',
        bound: { most: 2 },
        found: spreadOf(loopP99Ms),
      },
    ]),
  ];
}

function find(results: readonly ArmResult[], wanted: Wanted): ArmResult | undefined {
  return results.find(
    ({ workload, subject, encoding, clients }) =>
      workload === wanted.workload &&
      subject === wanted.subject &&
      encoding === wanted.encoding &&
      clients === wanted.clients,
  );
}
