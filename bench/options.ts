import { parseArgs } from 'node:util';
import { WORKLOADS } from './workloads.ts';

/** The parts of a run besides the workloads. */
const PARTS = ['start', 'memory', 'swap', 'neighbour', 'telemetry'] as const;
export type Part = (typeof PARTS)[number];

export interface Options {
  readonly workloads: readonly string[];
  readonly parts: readonly Part[];
  readonly rounds: number;
  readonly sliceMs: number;
  /** Of starts. */
  readonly repetitions: number;
  /** Of loading and unloading. */
  readonly cycles: number;
  readonly compare: string | undefined;
  readonly svg: boolean;
}

const NAMES = WORKLOADS.map(({ name }) => name);

export const USAGE = `Usage: npm run bench -- [--quick] [--only NAME,NAME] [--compare REV] [--svg]

Measures this project against the bare runtime, a naive server and an empty answer, in turns.
The models are built once, by \`npm run bench:models\`.

  --quick          3 short rounds: to see that it works, not to be believed
  --only NAMES     of ${[...NAMES, ...PARTS].join(', ')}
  --compare REV    measures that commit too, in the same rounds
  --svg            draws docs/bench.svg
  --help           this text

Everything found is written to out/bench/results.json.
`;

/** Undefined when help was asked for. @throws Error that names what was wrong */
export function parseOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      compare: { type: 'string' },
      svg: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const only = values.only?.split(',');
  const known = [...NAMES, ...PARTS] as readonly string[];
  const unknown = only?.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Error(`--only: expected of ${known.join(', ')}, got ${JSON.stringify(unknown)}`);
  }
  const wanted = (name: string) => only?.includes(name) ?? true;
  return {
    workloads: NAMES.filter(wanted),
    parts: PARTS.filter(wanted),
    ...(values.quick
      ? { rounds: 3, sliceMs: 400, repetitions: 3, cycles: 100 }
      : { rounds: 5, sliceMs: 1_000, repetitions: 11, cycles: 1_000 }),
    compare: values.compare,
    svg: values.svg,
  };
}
