import type { StressedModel } from './questions.ts';

/** What an operator may be told: it isn't there, somebody else was first, or not now. */
const HONEST = [404, 409, 429, 503];

/**
 * One change that an operator may make, conflicts included: unloads, registers anew, routes anew or
 * retires. @throws Error for an answer that no operator should get
 */
export async function changeSomething(
  url: string,
  { model, bytes }: StressedModel,
  { round, random }: { round: number; random: () => number },
): Promise<void> {
  const ok = async (method: string, path: string, body?: string | FormData): Promise<unknown> => {
    const response = await fetch(url + path, { method, ...(body !== undefined && { body }) });
    const text = await response.text();
    if (response.status >= 400 && !HONEST.includes(response.status)) {
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
    form.append('model', new Blob([bytes]), 'model.onnx');
    form.append('card', JSON.stringify({ description: `round ${round}` }));
    await ok('POST', `/models/${model}/versions`, form);
    return;
  }
  const listed = (await ok('GET', `/models/${model}/versions?limit=20`)) as {
    versions?: { version: string; state: string }[];
  };
  const ready = (listed.versions ?? []).filter(({ state }) => state === 'ready');
  const pick = () => ready[Math.floor(random() * ready.length)]?.version;
  const [production, other] = [pick(), pick()];
  if (!production) return;
  if (kind < 0.9) {
    const candidate = other !== production && { candidate: { version: other, percent: 50 } };
    await ok('PUT', `/models/${model}/routing`, JSON.stringify({ production, ...candidate }));
  } else await ok('DELETE', `/models/${model}/versions/${production}`);
}
