import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { infer, output, register, sample } from '../journeys/client.ts';
import { discard, startHost } from '../journeys/running-host.ts';

// The host is killed at random moments while models are being registered: whatever was answered
// stands, whatever was begun ends, and nothing half is ever served.

const KILLS = Number(process.env.KILLS ?? 50);
const SEED = 7;
/** After the last kill something must be decided at least this often, until nothing is pending. */
const SETTLE_MS = 60_000;

const ENV = { PILOTLIGHT_MESSAGE_LOCK_MS: '2000', PILOTLIGHT_SWEEP_AFTER_MS: '10000' };
const MODELS = ['digits', 'breast-cancer', 'churn'] as const;
const image = {
  name: 'image',
  datatype: 'FP32',
  shape: [1, 1, 8, 8],
  data: new Array<number>(64).fill(0.5),
};

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return state / 0x8000_0000;
  };
}

interface VersionDocument {
  readonly version: string;
  readonly state: string;
  readonly digest: string;
}

async function versions(url: string, model: string): Promise<VersionDocument[]> {
  const response = await fetch(`${url}/models/${model}/versions?limit=1000`);
  if (response.status === 404) return [];
  return ((await response.json()) as { versions: VersionDocument[] }).versions;
}

test(
  `${KILLS} kills during registration`,
  async () => {
    const random = generator(SEED);
    const dataDir = await mkdtemp(join(tmpdir(), 'pilotlight-kills-'));
    /** Versions that a caller was told of, by model. */
    const promised = new Map<string, Set<string>>();
    let answered = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const host = await startHost({ dataDir, env: ENV });
      let killed = false;
      // Each round registers models with cards of their own: every one is a new version.
      const work = MODELS.map(async (name) => {
        const model = `${name}-${kill % 5}`;
        const form = new FormData();
        form.append('model', new Blob([Uint8Array.from(await sample(name))]), 'model.onnx');
        form.append('card', JSON.stringify({ description: `round ${kill}` }));
        const response = await fetch(`${host.url}/models/${model}/versions`, {
          method: 'POST',
          // Every other round answers before the verdict, so that kills fall on each step.
          headers: kill % 2 === 0 ? { prefer: 'wait=10' } : {},
          body: form,
        });
        const document = (await response.json()) as VersionDocument;
        expect([201, 202]).toContain(response.status);
        promised.set(model, (promised.get(model) ?? new Set()).add(document.version));
        answered++;
      }).map((done) =>
        done.catch((error: unknown) => {
          if (!killed) throw error;
        }),
      );
      await new Promise((resolve) => setTimeout(resolve, random() * 1_500));
      killed = true;
      await host.kill();
      await Promise.all(work);
    }
    console.log(
      `${answered} of ${KILLS * MODELS.length} registrations were answered before a kill`,
    );
    expect(answered).toBeGreaterThan(0);
    expect(answered).toBeLessThan(KILLS * MODELS.length);

    const host = await startHost({ dataDir, env: ENV });
    let until = Date.now() + SETTLE_MS;
    const names = MODELS.flatMap((name) => Array.from({ length: 5 }, (_, i) => `${name}-${i}`));
    let open: VersionDocument[] = [];
    do {
      const all = await Promise.all(names.map((name) => versions(host.url, name)));
      const before = open.length;
      open = all.flat().filter(({ state }) => state === 'pending' || state === 'validating');
      if (open.length < before) until = Date.now() + SETTLE_MS;
      await new Promise((resolve) => setTimeout(resolve, 500));
    } while (open.length > 0 && Date.now() < until);
    expect(open).toEqual([]);

    let total = 0;
    for (const model of names) {
      const all = await versions(host.url, model);
      total += all.length;
      expect(all.filter(({ state }) => state !== 'ready')).toEqual([]);
      const numbers = all.map(({ version }) => Number(version));
      // Newest first, none twice, none missing.
      expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => numbers.length - i));
      for (const version of promised.get(model) ?? []) expect(numbers).toContain(Number(version));
    }
    console.log(`${total} versions stand, all ready`);
    for (const model of names.filter((name) => name.startsWith('digits-'))) {
      if ((await versions(host.url, model)).length === 0) continue;
      const answer = await infer(host.url, model, { inputs: [image] });
      expect(output(answer, 'probabilities').data.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 4);
    }
    // And it still takes new ones.
    expect((await register(host.url, 'after', await sample('digits'))).status).toBe(201);
    await discard(host);
  },
  30 * 60_000,
);
