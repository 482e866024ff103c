import { type Document, documentsAt, numberAt, required, textAt } from './document.ts';
import { CommandFailure } from './failure.ts';
import { openProgress } from './progress.ts';
import { LONG } from './retrying.ts';
import { verdictOf, whereabouts } from './rollout-text.ts';
import type { Server } from './server.ts';
import type { Globals } from './terminal.ts';

const POLL_MS = 1_000;

export function rolloutsPath(model: string): string {
  return `/models/${encodeURIComponent(model)}/rollouts`;
}

/** The id of a model's newest rollout. @throws CommandFailure when there never was one */
export async function newestRollout(server: Server, model: string): Promise<string> {
  const page = await server.get(`${rolloutsPath(model)}?limit=1`);
  const [newest] = documentsAt(page, 'rollouts');
  if (newest) return required(newest, 'id', 'GET /models/{model}/rollouts');
  throw new CommandFailure(
    `model ${model} has had no rollout yet; \`pilotlight rollout start ${model} VERSION\` starts one`,
  );
}

export async function readRollout(
  server: Server,
  model: string,
  id: string,
  more: Parameters<Server['get']>[1] = {},
): Promise<Document> {
  return await server.get(`${rolloutsPath(model)}/${encodeURIComponent(id)}`, more);
}

/**
 * Watches a rollout until it ends, and answers its document: a bar that is as long as the new
 * version's share of the traffic, or where there is no screen a line for each change.
 * @throws the signal's reason, Refusal
 */
export async function followRollout(
  server: Server,
  globals: Globals,
  rollout: { readonly model: string; readonly id: string },
  signal: AbortSignal,
): Promise<Document> {
  const { terminal, json } = globals;
  const bar = terminal.screen && (await openProgress(globals, 'rollout'));
  let said = '';
  try {
    for (;;) {
      const { model, id } = rollout;
      const document = await readRollout(server, model, id, { signal, patience: LONG });
      if (hasEnded(document)) return document;
      const where = whereabouts(document);
      const share = (numberAt(document, 'percent') ?? 0) / 100;
      bar?.show(share, `${where} · ${verdictOf(document) ?? 'not looked at yet'}`);
      if (!bar && !json && where !== said) terminal.say(where);
      said = where;
      await terminal.sleep(POLL_MS, signal);
    }
  } finally {
    bar?.end();
  }
}

function hasEnded(rollout: Document): boolean {
  return /^(?:completed|rolledBack|aborted)$/.test(textAt(rollout, 'state') ?? '');
}

/** @throws CommandFailure unless the new version took production */
export function expectCompleted(model: string, rollout: Document): void {
  const state = textAt(rollout, 'state') ?? 'unknown';
  if (state === 'completed') return;
  const [version, from] = [textAt(rollout, 'version') ?? '?', textAt(rollout, 'from') ?? '?'];
  const why = textAt(rollout, 'why') ?? verdictOf(rollout);
  const what = state === 'rolledBack' ? 'was rolled back' : `was ${state}`;
  throw new CommandFailure(
    `${model} version ${version} ${what}, version ${from} stays in production${why === undefined ? '' : `: ${why}`}`,
    { document: rollout },
  );
}
