import { spawn } from 'node:child_process';
import { afterAll, expect, test } from '@jest/globals';
import { register, sample } from '../../journeys/client.ts';
import { discard, type RunningHost, startHost } from '../../journeys/running-host.ts';

// Everything at once: predictions while models are evicted, unloaded, registered anew, routed
// anew and retired, and the host itself restarted. Every answer is held against the bare runtime's.

const SECONDS = Number(process.env.STRESS_SECONDS ?? 120);
const RESTARTS = 3;
const SEED = 11;

const MODELS = [
  { model: 'digits', input: 'image', row: [1, 8, 8] },
  { model: 'breast-cancer', input: 'input', row: [30] },
] as const;
/** Room for one of them at a time: they push each other out. */
const ENV = { PILOTLIGHT_MODEL_CACHE_BYTES: '24000', PILOTLIGHT_MAX_INLINE_RUN_MS: '0' };

let host: RunningHost;
afterAll(async () => {
  await discard(host);
});

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return state / 0x8000_0000;
  };
}

interface Asked {
  readonly model: string;
  readonly input: string;
  readonly shape: number[];
  readonly data: number[];
}

function questions(random: () => number): Asked[] {
  return MODELS.flatMap(({ model, input, row }) =>
    Array.from({ length: 25 }, (_, index) => {
      const shape = [1 + (index % 4), ...row];
      const length = shape.reduce((product, dimension) => product * dimension, 1);
      return { model, input, shape, data: Array.from({ length }, () => Math.fround(random() * 2)) };
    }),
  );
}

/** The bare runtime's probabilities. */
async function bareAnswers(asked: readonly Asked[]): Promise<number[][]> {
  const child = spawn(process.execPath, ['test/wide/stress/bare-answers.mjs'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(asked));
  let text = '';
  for await (const chunk of child.stdout) text += String(chunk);
  return JSON.parse(text) as number[][];
}

test(
  `${SECONDS} s of everything at once`,
  async () => {
    const random = generator(SEED);
    const asked = questions(random);
    const expected = await bareAnswers(asked);
    host = await startHost({ env: ENV });
    for (const { model } of MODELS) {
      expect(await register(host.url, model, await sample(model))).toMatchObject({ status: 201 });
    }
    const until = Date.now() + SECONDS * 1000;
    const state = { restarting: false, answered: 0, refused: 0, changes: 0 };
    const wrong: string[] = [];

    const predictor = async (mine: () => number): Promise<void> => {
      while (Date.now() < until) {
        const index = Math.floor(mine() * asked.length);
        const { model, input, shape, data } = asked[index] as Asked;
        const url = host.url;
        let status: number;
        let text: string;
        try {
          const response = await fetch(`${url}/v2/models/${model}/infer`, {
            method: 'POST',
            body: JSON.stringify({ inputs: [{ name: input, datatype: 'FP32', shape, data }] }),
          });
          status = response.status;
          text = await response.text();
        } catch (error) {
          // Only a restart may cut a caller off.
          if (!state.restarting && url === host.url) wrong.push(String(error));
          await new Promise((resolve) => setTimeout(resolve, 50));
          continue;
        }
        if (status === 429 || status === 503) {
          state.refused++;
          continue;
        }
        if (status !== 200) {
          wrong.push(`${status} ${text.slice(0, 300)}`);
          continue;
        }
        const { outputs } = JSON.parse(text) as { outputs: { name: string; data: number[] }[] };
        const got = outputs.find(({ name }) => name === 'probabilities')?.data ?? [];
        const right = (expected[index] ?? []).every(
          (value, at) => Math.abs(value - (got[at] ?? Infinity)) <= 1e-5,
        );
        if (!right || got.length !== expected[index]?.length) {
          wrong.push(`${model} answered ${JSON.stringify(got)} for question ${index}`);
        }
        state.answered++;
      }
    };

    const changer = async (): Promise<void> => {
      for (let round = 0; Date.now() < until; round++) {
        const { model } = MODELS[round % MODELS.length] ?? MODELS[0];
        try {
          await changeSomething(host.url, model, { round, random });
          state.changes++;
        } catch (error) {
          if (!state.restarting) wrong.push(`change: ${String(error)}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };

    const restarter = async (): Promise<void> => {
      for (let restart = 1; restart <= RESTARTS; restart++) {
        await new Promise((resolve) => setTimeout(resolve, (SECONDS * 1000) / (RESTARTS + 1)));
        state.restarting = true;
        const { dataDir } = host;
        const code = await host.stop();
        if (code !== 0) wrong.push(`the host ended with ${code ?? 'a signal'}`);
        host = await startHost({ env: ENV, dataDir });
        state.restarting = false;
      }
    };

    await Promise.all([
      ...Array.from({ length: 8 }, (_, index) => predictor(generator(SEED + index))),
      changer(),
      restarter(),
    ]);
    console.log(
      `${state.answered} right answers, ${state.refused} honest refusals, ${state.changes} changes, ${RESTARTS} restarts`,
    );
    expect(wrong.slice(0, 5)).toEqual([]);
    expect(state.answered).toBeGreaterThan(SECONDS * 20);
    expect(state.changes).toBeGreaterThan(SECONDS);
  },
  (SECONDS + 120) * 1000,
);

/** One change that an operator may make; conflicts are part of it. */
async function changeSomething(
  url: string,
  model: string,
  { round, random }: { round: number; random: () => number },
): Promise<void> {
  const ok = async (method: string, path: string, body?: string | FormData): Promise<unknown> => {
    const response = await fetch(url + path, { method, ...(body !== undefined && { body }) });
    const text = await response.text();
    if (response.status >= 400 && ![404, 409, 429, 503].includes(response.status)) {
      throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
    }
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  };
  const kind = random();
  if (kind < 0.3) {
    await ok('POST', `/v2/repository/models/${model}/unload`);
    return;
  }
  if (kind < 0.4) {
    const form = new FormData();
    form.append('model', new Blob([Uint8Array.from(await sample(model))]), 'model.onnx');
    form.append('card', JSON.stringify({ description: `round ${round}` }));
    await ok('POST', `/models/${model}/versions`, form);
    return;
  }
  const listed = (await ok('GET', `/models/${model}/versions?limit=20`)) as {
    versions: { version: string; state: string }[];
  };
  const ready = listed.versions.filter(({ state }) => state === 'ready');
  const pick = () => ready[Math.floor(random() * ready.length)]?.version;
  const [production, other] = [pick(), pick()];
  if (!production) return;
  if (kind < 0.9) {
    const candidate = other !== production && { candidate: { version: other, percent: 50 } };
    await ok('PUT', `/models/${model}/routing`, JSON.stringify({ production, ...candidate }));
  } else await ok('DELETE', `/models/${model}/versions/${production}`);
}
