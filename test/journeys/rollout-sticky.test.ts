import { readFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { endOf, resultOf, scoreRows } from './batch-client.ts';
import { postAs, type Said } from './keep-alive.ts';
import { call, registerFixture } from './rollout-client.ts';
import { discard, type RunningHost, startHost } from './running-host.ts';

// Who is answered by a candidate while its share grows, over HTTP.

const KEYS = 2_000;
const AT_ONCE = 16;
const STEPS = [1, 5, 25, 50, 100];

/** A line for each request costs more than the request. */
const QUIET = ['--port', '0', '--no-samples', '--quiet'];

let host: RunningHost;
beforeAll(async () => {
  host = await startHost({ args: QUIET });
  for (const [i, fixture] of ['plain', 'better'].entries()) {
    const version = await registerFixture(host.url, 'digits', fixture);
    expect(version).toMatchObject({ version: String(i + 1), state: 'ready' });
  }
});
afterAll(async () => {
  agent.destroy();
  await discard(host);
});

const image = {
  name: 'image',
  datatype: 'FP32',
  shape: [1, 1, 8, 8],
  data: new Array<number>(64).fill(0.5),
};

const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
const body = JSON.stringify({ inputs: [image], outputs: [{ name: 'label' }] });

async function ask(key: string, path = 'digits'): Promise<Pick<Said, 'version' | 'route'>> {
  const url = `${host.url}/v2/models/${path}/infer`;
  const { status, error, version = '', route = '' } = await postAs(agent, { url, key, body });
  if (status !== 200) throw new Error(`${status} ${error ?? ''}`);
  return { version, route };
}

/** The keys that the candidate answers. */
async function candidates(keys: readonly string[]): Promise<Set<string>> {
  const waiting = [...keys];
  const found = new Set<string>();
  const seen = new Set<string>();
  const work = async (): Promise<void> => {
    for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
      const { version, route } = await ask(key);
      seen.add(`${version} ${route}`);
      if (route === 'candidate') found.add(key);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  expect([...seen].filter((one) => !/^(?:1 production|2 candidate)$/.test(one))).toEqual([]);
  return found;
}

async function routeTo(percent: number): Promise<void> {
  const { status } = await call('PUT', `${host.url}/models/digits/routing`, {
    production: '1',
    candidate: { version: '2', percent },
  });
  expect(status).toBe(200);
}

test(`${KEYS} keys over a ramp: none goes back, and the split is what was asked for`, async () => {
  const keys = Array.from({ length: KEYS }, (_, n) => `caller ${n}`);
  let before = new Set<string>();
  for (const percent of STEPS) {
    await routeTo(percent);
    const now = await candidates(keys);
    expect([...before].filter((key) => !now.has(key))).toEqual([]);
    const share = percent / 100;
    // Four standard deviations of a binomial share: one in 16,000 ramps misses it by chance.
    const error = 4 * Math.sqrt((share * (1 - share)) / KEYS);
    expect(Math.abs(now.size / KEYS - share)).toBeLessThanOrEqual(error);
    before = now;
  }
  expect(before.size).toBe(KEYS);
});

test('a version in the path, and an alias, are answered by that version', async () => {
  await routeTo(50);
  const alias = await call('PUT', `${host.url}/models/digits/aliases/steady`, { version: '1' });
  expect(alias.status).toBe(200);
  for (let n = 0; n < 100; n++) {
    const [pinned, other, named] = await Promise.all([
      ask(`caller ${n}`, 'digits/versions/1'),
      ask(`caller ${n}`, 'digits/versions/2'),
      ask(`caller ${n}`, 'digits/versions/steady'),
    ]);
    expect([pinned, other, named]).toEqual([
      { version: '1', route: 'pinned' },
      { version: '2', route: 'pinned' },
      { version: '1', route: 'alias' },
    ]);
  }
});

test('a batch goes to production, whatever the candidate’s share', async () => {
  await routeTo(50);
  const [head = '', ...lines] = (await readFile('models/digits/evaluation.csv', 'utf8'))
    .trim()
    .split('\n');
  // Without a card no column is a label.
  const rows = `${[head, ...lines].map((line) => line.split(',').slice(0, -1).join(',')).join('\n')}\n`;
  const score = async (query: string) => {
    const { status, document } = await scoreRows(host.url, query, rows);
    expect([status, document.error]).toEqual([202, undefined]);
    const job = await endOf(host.url, document.id);
    expect(job).toMatchObject({ state: 'completed', rows: { scored: lines.length, failed: 0 } });
    return { version: job.version, output: await resultOf(host.url, document.id, 'output') };
  };
  const routed = await score('model=digits');
  expect(routed).toEqual(await score('model=digits&version=1'));
  expect(routed.output).not.toBe((await score('model=digits&version=2')).output);
});
