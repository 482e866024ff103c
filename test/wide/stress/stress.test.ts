import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { register } from '../../journeys/client.ts';
import { discard, type RunningHost, startHost } from '../../journeys/running-host.ts';
import { changeSomething } from './changes.ts';
import { generator } from './generator.ts';
import { type MortalBuild, mortalBuild } from './mortal-build.ts';
import { isRight, type Question, questionsFor, stressedModels } from './questions.ts';

// Everything at once: predictions while models are evicted, unloaded, registered anew, routed
// anew and retired, while model threads die and the host itself is restarted. Every answer is held
// against the bare runtime's.

const MINUTES = Number(process.env.STRESS_MINUTES ?? 2);
const SECONDS = MINUTES * 60;
const RESTARTS = Math.max(1, Math.round(SECONDS / 40));
const CALLERS = 8;
const SEED = 11;

/** Room for the largest model alone, or for several versions of the others: they push each other out. */
const ENV = { PILOTLIGHT_MODEL_CACHE_BYTES: '2150000', PILOTLIGHT_MAX_INLINE_RUN_MS: '0' };

let folder: string;
let build: MortalBuild;
let host: RunningHost;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pilotlight-stress-'));
  build = await mortalBuild();
});
afterAll(async () => {
  await discard(host);
  await build.remove();
  await rm(folder, { recursive: true, force: true });
});

test(
  `${MINUTES} minutes of everything at once`,
  async () => {
    const random = generator(SEED);
    const models = await stressedModels();
    const questions = await questionsFor(models, folder, random);
    const options = { env: ENV, dist: build.dist };
    host = await startHost(options);
    for (const { model, bytes } of models) {
      expect(await register(host.url, model, bytes)).toMatchObject({ status: 201 });
    }
    const until = Date.now() + SECONDS * 1000;
    const state = { restarting: false, answered: 0, refused: 0, changes: 0 };
    const wrong: string[] = [];

    const ask = async (question: Question): Promise<void> => {
      const { model, input, output, shape, data } = question;
      const { url } = host;
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
        await pause(50);
        return;
      }
      if (status === 429 || status === 503) {
        state.refused++;
        return;
      }
      if (status !== 200) {
        wrong.push(`${model} answered ${status} ${text.slice(0, 300)}`);
        return;
      }
      const { outputs } = JSON.parse(text) as { outputs: { name: string; data: number[] }[] };
      const got = outputs.find(({ name }) => name === output)?.data ?? [];
      if (!isRight(question, got)) {
        wrong.push(`${model} answered ${JSON.stringify(got)} for ${JSON.stringify(question)}`);
      }
      state.answered++;
    };

    const caller = async (mine: () => number): Promise<void> => {
      while (Date.now() < until) {
        await ask(questions[Math.floor(mine() * questions.length)] as Question);
      }
    };

    const changer = async (): Promise<void> => {
      for (let round = 0; Date.now() < until; round++) {
        const model = models[round % models.length];
        const { url } = host;
        try {
          if (model) await changeSomething(url, model, { round, random });
          state.changes++;
        } catch (error) {
          if (!state.restarting && url === host.url) wrong.push(`change: ${String(error)}`);
        }
        await pause(20);
      }
    };

    const restarter = async (): Promise<void> => {
      for (let restart = 1; restart <= RESTARTS; restart++) {
        await pause((SECONDS * 1000) / (RESTARTS + 1));
        state.restarting = true;
        const { dataDir } = host;
        const code = await host.stop();
        if (code !== 0) wrong.push(`the host ended with ${code ?? 'a signal'}`);
        host = await startHost({ ...options, dataDir });
        state.restarting = false;
      }
    };

    await Promise.all([
      ...Array.from({ length: CALLERS }, (_, index) => caller(generator(SEED + index))),
      changer(),
      restarter(),
    ]);
    const deaths = await build.deaths();
    console.log(
      `${state.answered} right answers, ${state.refused} honest refusals, ${state.changes} changes, ${RESTARTS} restarts, ${deaths} threads died; wrong: ${wrong.length}`,
    );
    expect(wrong.slice(0, 5)).toEqual([]);
    expect(state.answered).toBeGreaterThan(SECONDS * 20);
    expect(state.refused).toBeLessThan(state.answered);
    expect(state.changes).toBeGreaterThan(SECONDS);
    expect(deaths).toBeGreaterThan(SECONDS / 10);
  },
  (SECONDS + 120) * 1000,
);
