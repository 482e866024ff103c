import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { idleTable } from './idle-cost.ts';
import { parseOptions } from './options.ts';
import { picture } from './picture.ts';
import { PLANS, putInto, section, tryPlans } from './report.ts';
import { DRAWN, SEEDS, seedsRow, spread } from './seeds.ts';
import { FLEX } from './shipped.ts';
import { SWEEPS } from './sweeps.ts';
import { type TraceName, traceNamed } from './traces.ts';
import { WORKLOADS } from './workloads.ts';

const run = promisify(execFile);

describe('docs/scaling.md is what the command prints', () => {
  const plans = Object.values(PLANS).map((make) => make());

  test.each<TraceName>(['steady', 'bursty', 'nightly', 'idle'])('%s', async (name) => {
    const trace = traceNamed(name);
    const text = section(`${name}: ${trace.about}`, 'plan', tryPlans(trace, plans));
    expect(await readFile('docs/scaling.md', 'utf8')).toContain(`\n${text}\n`);
  });

  test('an idle app', async () => {
    expect(await readFile('docs/scaling.md', 'utf8')).toContain(`\n${idleTable()}\n`);
  });

  // All others go the same way, and take half a minute.
  const quick = SWEEPS.filter(({ trace, what }) => trace === 'idle' || what === 'chunks');
  test.each(quick)('$title', async ({ title, what, trace, workload, plans: values }) => {
    const text = section(title, what, tryPlans(traceNamed(trace), values, WORKLOADS[workload]));
    expect(await readFile('docs/scaling.md', 'utf8')).toContain(`\n${text}\n`);
  });

  test('over seeds: the shipped httpConcurrency', async () => {
    const shipped = DRAWN[0].plans.find(({ name }) => name === String(FLEX.httpConcurrency));
    if (!shipped) throw new Error('expected the shipped value among those tried');
    const traces = SEEDS.map((seed) => traceNamed(DRAWN[0].trace, seed));
    const page = (await readFile('docs/scaling.md', 'utf8')).replace(/ +/g, ' ');
    expect(page).toContain(`\n| ${seedsRow(shipped, traces).join(' | ')} |\n`);
  });

  test('the picture', async () => {
    expect(await readFile('docs/scaling.svg', 'utf8')).toBe(picture());
  });
});

test.each([
  [[5, 1, 9], '5 (1–9)'],
  [[0, 925, 0, 821, 0], '0 (0–925)'],
  [[113.2, 113.4, 113.1], '113'],
])('seeds with %j are shown as %s', (values, shown) => {
  expect(spread(values)).toBe(shown);
});

test('a page’s part is replaced between its markers, else refused', () => {
  const page = 'a\n<!-- npm run simulate:scaling: x -->\nold\n<!-- end of x -->\nb';
  const expected = 'a\n<!-- npm run simulate:scaling: x -->\n\nnew\n\n<!-- end of x -->\nb';
  expect(putInto(page, 'x', 'new')).toBe(expected);
  expect(() => putInto(page, 'y', 'new')).toThrow('expected the markers');
});

describe('the command', () => {
  test.each([
    [['--plan', 'lambda'], '--plan: expected one of flex, container-apps, kubernetes, dedicated'],
    [['--workload', 'gpt'], '--workload: expected one of mlp, cnn, text, got gpt'],
    [['--seed', 'x'], '--seed: expected a number, got x'],
    [['--nothing'], "Unknown option '--nothing'"],
  ])('%j is refused', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });

  test('replays a file, and says what it takes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'scaling-'));
    try {
      const file = join(folder, 'own.csv');
      await writeFile(file, 'seconds,kind,count\n0,http,33\n10,chunk,2\n600,http,0\n');
      const command = ['bench/scaling/run.mjs', '--plan', 'flex', '--workload', 'mlp'];
      const { stdout } = await run('node', [...command, '--trace', file, '--json']);
      expect(JSON.parse(stdout)).toMatchObject({
        plan: 'Flex Consumption',
        requests: { arrived: 33, served: 33 },
        chunks: { arrived: 2, served: 2 },
        lost: 0,
        executions: 33 + 2 + 10,
      });
      const help = await run('node', ['bench/scaling/run.mjs', '--help']);
      expect(help.stdout).toContain('--trace NAME|FILE.csv');
      await writeFile(file, 'nothing');
      await expect(run('node', [...command, '--trace', file])).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringContaining('expected the first line seconds,kind,count') as unknown,
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
