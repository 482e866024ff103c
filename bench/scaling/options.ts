import { parseArgs } from 'node:util';
import { PLANS } from './report.ts';
import { TRACE_NAMES, type TraceName } from './traces.ts';
import { WORKLOADS, type WorkloadName } from './workloads.ts';

export const USAGE = `npm run simulate:scaling -- [--trace NAME|FILE.csv] [--plan NAME] [--workload NAME]
                               [--seed 1] [--json] [--sweeps] [--write]

Replays arrivals against what each plan is documented to scale by, and shows instances, waiting and
cost. Without --trace and --plan: every trace on every plan, as it ships.

--trace     ${TRACE_NAMES.join(', ')}, or a file: seconds,kind,count with kind http or chunk
--plan      ${Object.keys(PLANS).join(', ')}
--workload  ${Object.keys(WORKLOADS).join(', ')}: what a request runs; text unless given
--seed      another trace of the kind
--json      figures instead of tables
--sweeps    each setting with several values as well, what settled some of them over five seeds
--write     puts all of it into docs/scaling.md, and draws docs/scaling.svg
`;

export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'write' }
  | {
      readonly kind: 'run';
      readonly traces: readonly (TraceName | { readonly file: string })[];
      readonly plans: readonly string[];
      readonly workload: WorkloadName;
      readonly seed: number;
      readonly json: boolean;
      readonly sweeps: boolean;
    };

/** @throws Error that names what was given and what would do */
export function parseOptions(args: readonly string[]): Command {
  const { values } = parseArgs({
    args: [...args],
    options: {
      trace: { type: 'string' },
      plan: { type: 'string' },
      workload: { type: 'string', default: 'text' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      sweeps: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return { kind: 'help' };
  if (values.write) return { kind: 'write' };
  const seed = Number(values.seed);
  if (!Number.isInteger(seed)) throw new Error(`--seed: expected a number, got ${values.seed}`);
  return {
    kind: 'run',
    traces: values.trace === undefined ? TRACE_NAMES : [traceOf(values.trace)],
    plans: values.plan === undefined ? Object.keys(PLANS) : [oneOf('plan', values.plan, PLANS)],
    workload: oneOf('workload', values.workload, WORKLOADS),
    seed,
    json: values.json,
    sweeps: values.sweeps,
  };
}

function traceOf(given: string): TraceName | { readonly file: string } {
  return TRACE_NAMES.find((name) => name === given) ?? { file: given };
}

function oneOf<Name extends string>(
  option: string,
  given: string,
  choices: Readonly<Record<Name, unknown>>,
): Name {
  const names = Object.keys(choices) as Name[];
  const found = names.find((name) => name === given);
  if (found === undefined) {
    throw new Error(`--${option}: expected one of ${names.join(', ')}, got ${given}`);
  }
  return found;
}
