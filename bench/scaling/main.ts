import { readFile, writeFile } from 'node:fs/promises';
import { figuresOf } from './figures.ts';
import { type Command, parseOptions, USAGE } from './options.ts';
import { picture } from './picture.ts';
import { PLANS, plansReport, putInto, section, sweepsReport, tryPlans } from './report.ts';
import { seedsReport } from './seeds.ts';
import { parseTrace } from './trace-file.ts';
import { type Trace, type TraceName, traceNamed } from './traces.ts';
import { WORKLOADS } from './workloads.ts';

const PAGE = 'docs/scaling.md';
const PICTURE = 'docs/scaling.svg';

try {
  await carryOut(parseOptions(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function carryOut(command: Command): Promise<void> {
  if (command.kind === 'help') {
    process.stdout.write(USAGE);
  } else if (command.kind === 'write') {
    let page = await readFile(PAGE, 'utf8');
    page = putInto(page, 'plans', plansReport());
    page = putInto(page, 'seeds', seedsReport());
    page = putInto(page, 'sweeps', sweepsReport());
    await writeFile(PAGE, page);
    await writeFile(PICTURE, picture());
  } else {
    await run(command);
  }
}

async function run(command: Command & { kind: 'run' }): Promise<void> {
  const plans = command.plans.flatMap((name) => PLANS[name]?.() ?? []);
  for (const chosen of command.traces) {
    const trace = await traceOf(chosen, command.seed);
    const tried = tryPlans(trace, plans, WORKLOADS[command.workload]);
    if (command.json) {
      for (const { plan, outcome } of tried) {
        const { requests, chunks } = outcome;
        const line = {
          trace: trace.name,
          plan: plan.name,
          requests,
          chunks,
          ...figuresOf(outcome),
        };
        process.stdout.write(`${JSON.stringify(line)}\n`);
      }
    } else {
      process.stdout.write(`${section(`${trace.name}: ${trace.about}`, 'plan', tried)}\n\n`);
    }
  }
  if (command.sweeps) process.stdout.write(`${seedsReport()}\n\n${sweepsReport()}\n`);
}

async function traceOf(chosen: TraceName | { file: string }, seed: number): Promise<Trace> {
  if (typeof chosen === 'object') {
    return parseTrace(chosen.file, await readFile(chosen.file, 'utf8'), seed);
  }
  return traceNamed(chosen, seed);
}
