import { type Document, documentAt, documentsAt, textAt } from '../document.ts';
import { Refusal } from '../failure.ts';
import { allPages } from '../pages.ts';
import type { Server } from '../server.ts';
import type { Globals } from '../terminal.ts';
import { table } from '../text-forms.ts';

/** `models`: every model, with who takes its traffic. */
export async function listModels(server: Server, { terminal, json }: Globals): Promise<void> {
  const models = await allPages(server, '/models', 'models');
  if (json) {
    await terminal.write(`${JSON.stringify({ models })}\n`);
    return;
  }
  if (models.length === 0) {
    terminal.say('there are no models yet; `pilotlight register FILE --model NAME` makes one');
    return;
  }
  const lines = models.map((model) => {
    const routing = documentAt(model, 'routing');
    return [
      textAt(model, 'name') ?? '',
      textAt(routing, 'production') ?? '-',
      shareText(documentAt(routing, 'candidate')),
      String(documentsAt(model, 'versions').length),
    ];
  });
  await terminal.write(table(['MODEL', 'PRODUCTION', 'CANDIDATE', 'VERSIONS'], lines));
}

/** `models NAME`: its routing, inputs and outputs, and versions. */
export async function showModel(
  server: Server,
  { terminal, json }: Globals,
  name: string,
): Promise<void> {
  const model = await server.get(`/models/${encodeURIComponent(name)}`);
  if (json) {
    await terminal.write(`${JSON.stringify(model)}\n`);
    return;
  }
  const facts = [
    ['model', textAt(model, 'name') ?? name],
    ...routingFacts(model),
    ...(await signature(server, name)),
  ];
  const [head = [], ...rest] = facts;
  const versions = documentsAt(model, 'versions').map((version) => [
    textAt(version, 'version') ?? '',
    textAt(version, 'state') ?? '',
    textAt(version, 'createdAt') ?? '',
  ]);
  await terminal.write(
    `${table(head, rest)}\n${table(['VERSION', 'STATE', 'REGISTERED'], versions)}`,
  );
}

/** Who takes a model's traffic, and how its versions are named; from a model, or its history. */
export function routingFacts(model: Document): string[][] {
  const routing = documentAt(model, 'routing');
  const aliases = Object.entries(documentAt(model, 'aliases'));
  const { shadow } = routing;
  const rollout = textAt(documentAt(model, 'rollout'), 'id');
  return [
    ['production', textAt(routing, 'production') ?? '-'],
    ['candidate', shareText(documentAt(routing, 'candidate'))],
    ...(shadow === undefined ? [] : [['shadow', shareText(documentAt(routing, 'shadow'))]]),
    ...(rollout === undefined ? [] : [['rollout', rollout]]),
    ['aliases', aliases.map(([alias, of]) => `${alias} → ${String(of)}`).join(', ') || '-'],
  ];
}

/** Nothing for a model that nothing is routed to. */
async function signature(server: Server, name: string): Promise<string[][]> {
  const { document } = await server
    .call({ method: 'GET', path: `/v2/models/${encodeURIComponent(name)}` })
    .catch((error: unknown) => {
      if (error instanceof Refusal) return { document: {} };
      throw error;
    });
  return ['inputs', 'outputs'].flatMap((side) =>
    documentsAt(document, side).map((tensor, i) => [i === 0 ? side : '', tensorText(tensor)]),
  );
}

/** `image FP32 [-1,1,8,8]`. */
export function tensorText(tensor: Document): string {
  const shape = Array.isArray(tensor.shape) ? tensor.shape.join(',') : '';
  return `${textAt(tensor, 'name') ?? ''} ${textAt(tensor, 'datatype') ?? ''} [${shape}]`;
}

function shareText(share: Document): string {
  const version = textAt(share, 'version');
  return version === undefined ? '-' : `${version} (${String(share.percent)} %)`;
}
