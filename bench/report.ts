import type { ArmResult, Results } from './results.ts';
import { type Spread, spreadOf } from './spread.ts';
import { digits, table } from './table.ts';
import { isMet, judge, type Shown } from './targets.ts';
import { WORKLOADS } from './workloads.ts';

/** A run's results as text: Markdown that can be read in a terminal. */
export function report(results: Results): string {
  const { machine, settings } = results;
  return [
    `${machine.cpu}, ${machine.cpus} vCPU, ${digits(machine.memoryBytes / 2 ** 30)} GiB; Node ${machine.node}, onnxruntime ${machine.onnxruntime}; commit ${machine.revision}. ` +
      `${settings.rounds} rounds of ${settings.sliceMs} ms each, in turns; medians, with the least and the most in brackets.`,
    ...throughput(results),
    ...starts(results),
    ...memory(results),
    ...disturbances(results),
    ...promises(results),
    ...results.failed.map((why) => `NOT MEASURED: ${why}`),
  ].join('\n\n');
}

function throughput({ throughput }: Results): string[] {
  return WORKLOADS.flatMap(({ name, title }) => {
    const arms = throughput.filter(({ workload }) => workload === name);
    if (arms.length === 0) return [];
    const head = ['who', 'clients', 'req/s', 'p50 ms', 'p99 ms', 'loop p99 ms', 'CPU ms', 'RSS MB'];
    return [`### ${name}: ${title}`, table(head, arms.map(armRow))];
  });
}

function armRow(arm: ArmResult): string[] {
  const { subject, encoding, clients, perSecond, loopP99Ms } = arm;
  return [
    encoding ? `${subject}, ${encoding}` : subject,
    String(clients),
    spread(spreadOf(perSecond)),
    digits(arm.p50Ms),
    digits(arm.p99Ms),
    loopP99Ms.length > 0 ? spread(spreadOf(loopP99Ms)) : '',
    digits(arm.cpuMsPerRequest),
    digits(arm.residentBytes / 1e6),
  ];
}

function starts({ starts }: Results): string[] {
  if (starts.length === 0) return [];
  const rows = starts.map(({ workload, subject, totalMs, phases }) => [
    `${workload}, ${subject}`,
    spread(spreadOf(totalMs)),
    Object.entries(phases)
      .map(([phase, { median }]) => `${phase} ${digits(median)}`)
      .join(', '),
  ]);
  const accounts = starts.flatMap(({ workload, subject, account }) =>
    account === undefined ? [] : [`${workload}, ${subject}: ${account}`],
  );
  return ['### Start to first answer', table(['who', 'ms', 'of which'], rows), ...accounts];
}

function memory({ memory }: Results): string[] {
  if (memory.length === 0) return [];
  const head = [
    'who',
    '90 MB FP32, one thread',
    'each further thread',
    'each further cnn',
    'RSS early',
    'after all cycles',
  ];
  const rows = memory.map((found) => [
    found.subject,
    ...[
      found.firstSessionBytes,
      found.furtherSessionBytes,
      [found.furtherModelBytes],
      [found.earlyResidentBytes],
      [found.lateResidentBytes],
    ].map((bytes) => spread(spreadOf(bytes.map((each) => each / 1e6)))),
  ]);
  return ['### Memory, MB (written by the process alone, but for RSS)', table(head, rows)];
}

function disturbances({ swaps, neighbours }: Results): string[] {
  const found: string[] = [];
  if (swaps.length > 0) {
    const head = ['who', 'requests', 'failed', 'by version', 'p99 ms steady', 'p99 ms around'];
    const rows = swaps.map((swap) => [
      `${swap.workload}, ${swap.subject}`,
      String(swap.requests),
      String(swap.failures),
      Object.entries(swap.versions)
        .map(([version, count]) => `${version}: ${count}`)
        .join(', '),
      digits(swap.steadyP99Ms),
      digits(swap.swapP99Ms),
    ]);
    found.push('### Routing changes under 8 clients', table(head, rows));
  }
  if (neighbours.length > 0) {
    const head = ['who', 'load ms', 'p99 ms steady', 'p99 ms around', 'loop p99 ms'];
    const rows = neighbours.map((neighbour) => [
      `${neighbour.workload}, ${neighbour.subject}`,
      spread(spreadOf(neighbour.loadMs)),
      digits(neighbour.steadyP99Ms),
      digits(neighbour.loadP99Ms),
      spread(spreadOf(neighbour.loopP99Ms)),
    ]);
    found.push('### A 90 MB model loads beside 8 clients', table(head, rows));
  }
  return found;
}

function promises(results: Results): string[] {
  const shown = judge(results);
  if (shown.length === 0) return [];
  const rows = shown.map((each) => [
    each.what,
    found(each),
    bound(each),
    isMet(each) ? 'yes' : 'NO',
  ]);
  return ['### What is promised', table(['what', 'found', 'bound', 'kept'], rows)];
}

function found({ found: value, unit }: Shown): string {
  return `${spread(value)}${unit && ` ${unit}`}`;
}

function bound({ bound: limit, unit }: Shown): string {
  const text = 'least' in limit ? `≥ ${limit.least}` : `≤ ${limit.most}`;
  return `${text}${unit && ` ${unit}`}`;
}

function spread({ median, least, most }: Spread): string {
  if (least === most) return digits(median);
  return `${digits(median)} [${digits(least)}–${digits(most)}]`;
}
