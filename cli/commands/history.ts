import { randomUUID } from 'node:crypto';
import { documentAt, numberAt, textAt } from '../document.ts';
import { allPages } from '../pages.ts';
import { USUAL } from '../retrying.ts';
import type { Server } from '../server.ts';
import type { Globals } from '../terminal.ts';
import { table } from '../text-forms.ts';
import { routingFacts } from './models.ts';

/** `rollback MODEL`: production goes back to the version before. */
export async function rollBack(
  server: Server,
  { terminal, json }: Globals,
  model: string,
  { why }: { why?: string },
): Promise<void> {
  const { document } = await server.call({
    method: 'POST',
    path: `/models/${encodeURIComponent(model)}/rollback`,
    ...(why !== undefined && { body: Buffer.from(JSON.stringify({ why })) }),
    // An attempt whose answer was lost and the next one go back once.
    headers: { 'idempotency-key': randomUUID() },
    patience: USUAL,
  });
  const production = textAt(documentAt(document, 'routing'), 'production') ?? '?';
  await terminal.write(
    json ? `${JSON.stringify(document)}\n` : `${model} version ${production} is in production\n`,
  );
}

/** `events MODEL`: what changed, oldest first; `--at`: what was routed then. */
export async function listEvents(
  server: Server,
  { terminal, json }: Globals,
  model: string,
  { at }: { at?: string },
): Promise<void> {
  const path = `/models/${encodeURIComponent(model)}/events`;
  if (at !== undefined) {
    const then = await server.get(`${path}?at=${encodeURIComponent(at)}`);
    const head = ['at', textAt(then, 'at') ?? at];
    await terminal.write(json ? `${JSON.stringify(then)}\n` : table(head, routingFacts(then)));
    return;
  }
  const events = await allPages(server, path, 'events');
  if (json) {
    await terminal.write(`${JSON.stringify({ events })}\n`);
    return;
  }
  const lines = events.map((event) => [
    String(numberAt(event, 'seq') ?? ''),
    textAt(event, 'at') ?? '',
    textAt(event, 'who') ?? '',
    textAt(event, 'type') ?? '',
    textAt(event, 'why') ?? '',
  ]);
  await terminal.write(table(['SEQ', 'AT', 'WHO', 'WHAT', 'WHY'], lines));
}
