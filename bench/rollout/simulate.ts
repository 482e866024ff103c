import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { Outcome } from './ramp.ts';
import { HARMFUL, HARMLESS, type HarmfulScenario, type Scenario } from './scenarios.ts';
import { harmfulTable, harmlessTable, keepsItsWord, type Tried } from './table.ts';
import type { Task } from './thread.ts';

const PAGE = 'docs/rollout-test.md';
const BEGIN = '<!-- npm run simulate -->';
const END = '<!-- end -->';
const USAGE = `npm run simulate -- [--runs 10000] [--threads 1] [--write]

Tries rollouts of candidates that do no harm, and of some that do, through the judge that decides
about real ones. --write puts the tables into ${PAGE}. Exits with 1 when a candidate that
does no harm is surely taken back more often than stated.
`;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10000' },
    threads: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(USAGE);
} else {
  await simulate(Number(values.runs), Number(values.threads));
}

async function simulate(runs: number, threads: number): Promise<void> {
  const startedAt = performance.now();
  const harmless: Tried<Scenario>[] = [];
  const harmful: Tried<HarmfulScenario>[] = [];
  const text = () => `${harmlessTable(harmless)}\n\n${harmfulTable(harmful)}`;
  // Written after each scenario: it takes minutes, and somebody may not wait for the end.
  for (const scenario of HARMLESS) {
    harmless.push(await tryOut(scenario, runs, threads));
    if (values.write) await writeTables(text());
  }
  for (const scenario of HARMFUL) {
    harmful.push(await tryOut(scenario, runs, threads));
    if (values.write) await writeTables(text());
  }
  process.stdout.write(`${text()}\n`);
  say(`${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
  if (!keepsItsWord(harmless)) process.exitCode = 1;
}

async function tryOut<S extends Scenario>(
  scenario: S,
  runs: number,
  threads: number,
): Promise<Tried<S>> {
  const count = Math.ceil(runs * scenario.part);
  const size = Math.ceil(count / threads);
  const parts = await Promise.all(
    Array.from({ length: threads }, (_, i) =>
      runInThread({
        stream: scenario.stream,
        from: i * size,
        to: Math.min(count, (i + 1) * size),
      }),
    ),
  );
  const outcomes = parts.flat();
  const ended = outcomes.filter(({ end }) => end === 'rolledBack').length;
  say(`${scenario.name}: ${ended} of ${outcomes.length} taken back`);
  return { scenario, outcomes };
}

async function runInThread(task: Task): Promise<Outcome[]> {
  return await new Promise((resolve, reject) => {
    const worker = new Worker(new URL('thread.mjs', import.meta.url), { workerData: task });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

async function writeTables(text: string): Promise<void> {
  const page = await readFile(PAGE, 'utf8');
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) {
    throw new Error(`${PAGE}: expected the markers ${BEGIN} and ${END}`);
  }
  await writeFile(PAGE, `${before}${BEGIN}\n\n${text}\n\n${END}${after}`);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
