import { randomUUID } from 'node:crypto';
import { type Document, documentsAt, required, textAt } from '../document.ts';
import { Interrupted } from '../failure.ts';
import { USUAL } from '../retrying.ts';
import { rolloutText, whereabouts } from '../rollout-text.ts';
import {
  expectCompleted,
  followRollout,
  newestRollout,
  readRollout,
  rolloutsPath,
} from '../rollouts.ts';
import type { Server } from '../server.ts';
import type { Globals } from '../terminal.ts';
import { table } from '../text-forms.ts';

export interface StartOptions {
  readonly steps?: readonly number[];
  readonly minRequests?: number;
  readonly minSeconds?: number;
  readonly shadow?: { readonly percent: number; readonly minRequests?: number };
  readonly allowBreaking?: boolean;
  /** Follow it to its end. */
  readonly watch?: boolean;
}

/** `rollout start MODEL VERSION`. */
export async function startRollout(
  server: Server,
  globals: Globals,
  ...[model, version, options]: [model: string, version: string, options: StartOptions]
): Promise<void> {
  const { watch = false, ...plan } = options;
  const { document } = await server.call({
    method: 'POST',
    path: rolloutsPath(model),
    // An attempt whose answer was lost and the next one are one rollout.
    headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    body: Buffer.from(JSON.stringify({ version, ...plan })),
    patience: USUAL,
  });
  const id = required(document, 'id', 'POST /models/{model}/rollouts');
  if (!watch) {
    await print(globals, model, document);
    return;
  }
  if (!globals.json) globals.terminal.say(`rollout ${id} of ${model} version ${version}`);
  await watchRollout(server, globals, model, id);
}

/** `rollout list MODEL`: the newest rollouts. */
export async function listRollouts(
  server: Server,
  { terminal, json }: Globals,
  model: string,
  { limit }: { limit: number },
): Promise<void> {
  const page = await server.get(`${rolloutsPath(model)}?limit=${limit}`);
  if (json) {
    await terminal.write(`${JSON.stringify(page)}\n`);
    return;
  }
  const lines = documentsAt(page, 'rollouts').map((rollout) => [
    textAt(rollout, 'id') ?? '',
    textAt(rollout, 'state') ?? '',
    `${textAt(rollout, 'from') ?? '?'} → ${textAt(rollout, 'version') ?? '?'}`,
    whereabouts({ ...rollout, state: 'running' }),
    textAt(rollout, 'createdAt') ?? '',
  ]);
  if (lines.length === 0) {
    terminal.say(`model ${model} has had no rollout yet`);
    return;
  }
  await terminal.write(table(['ROLLOUT', 'STATE', 'VERSIONS', 'STAGE', 'STARTED'], lines));
}

/** `rollout status MODEL [ID]`. */
export async function showRollout(
  server: Server,
  globals: Globals,
  model: string,
  id: string | undefined,
): Promise<void> {
  const named = id ?? (await newestRollout(server, model));
  await print(globals, model, await readRollout(server, model, named));
}

/** `rollout watch MODEL [ID]`: until it ends; Ctrl-C leaves it going. @throws CommandFailure when it did not complete */
export async function watchRollout(
  server: Server,
  globals: Globals,
  model: string,
  id: string | undefined,
): Promise<void> {
  const { terminal } = globals;
  const stop = new AbortController();
  const deafen = terminal.onInterrupt(() => {
    stop.abort(new Interrupted(`stopped watching; the rollout of ${model} goes on`));
  });
  try {
    const named = id ?? (await newestRollout(server, model));
    const rollout = await followRollout(server, globals, { model, id: named }, stop.signal);
    expectCompleted(model, rollout);
    await print(globals, model, rollout);
  } finally {
    deafen();
  }
}

/** `rollout pause|resume|promote|abort MODEL [ID]`. */
export function commandRollout(command: 'pause' | 'resume' | 'promote' | 'abort') {
  return async (
    server: Server,
    globals: Globals,
    ...[model, id, { why }]: [model: string, id: string | undefined, options: { why?: string }]
  ): Promise<void> => {
    const named = id ?? (await newestRollout(server, model));
    const { document } = await server.call({
      method: 'POST',
      path: `${rolloutsPath(model)}/${encodeURIComponent(named)}/${command}`,
      ...(why !== undefined && { body: Buffer.from(JSON.stringify({ why })) }),
      patience: USUAL,
    });
    await print(globals, model, document);
  };
}

async function print({ terminal, json }: Globals, model: string, rollout: Document): Promise<void> {
  await terminal.write(json ? `${JSON.stringify(rollout)}\n` : rolloutText(model, rollout));
}
