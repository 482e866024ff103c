import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

// The registry over HTTP, as a journey speaks to it.

export interface Replied<T = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly document: T;
}

export interface RolloutDocument {
  readonly id: string;
  readonly state: 'running' | 'paused' | 'completed' | 'rolledBack' | 'aborted';
  readonly version: string;
  readonly from: string;
  readonly percent: number;
  readonly stage: { readonly number: number; readonly kind: string; readonly percent: number };
  readonly steps: readonly number[];
  readonly verdict?: {
    readonly decision: string;
    readonly why: string;
    readonly figures: Readonly<Record<string, number | string>>;
  };
  readonly createdAt: string;
  readonly finishedAt?: string;
  readonly why?: string;
  readonly error?: string;
}

export interface EventDocument {
  readonly seq: number;
  readonly at: string;
  readonly who: string;
  readonly type: string;
  readonly why: string;
  readonly figures?: Readonly<Record<string, number | string>>;
  readonly routing: RoutingDocument;
}

export interface RoutingDocument {
  readonly production?: string;
  readonly candidate?: { readonly version: string; readonly percent: number };
  readonly shadow?: { readonly version: string; readonly percent: number };
}

export interface ModelDocument {
  readonly name: string;
  readonly routing: RoutingDocument;
  readonly rollout?: { readonly id: string; readonly state: string; readonly percent: number };
  readonly error?: string;
}

/** One call; `body` goes as JSON. Whatever the status, the document is answered. */
export async function call<T = Record<string, unknown>>(
  method: string,
  url: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Replied<T>> {
  const response = await fetch(url, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const document = (text === '' ? {} : JSON.parse(text)) as T;
  return { status: response.status, headers: response.headers, document };
}

/** GETs a document. @throws Error with the problem's text */
export async function get<T>(url: string): Promise<T> {
  const { status, document } = await call<T & { error?: string }>('GET', url);
  if (status !== 200) throw new Error(`${url}: ${status} ${document.error ?? ''}`);
  return document;
}

/** The first document at `url` that `when` likes; looks again and again. */
export async function once<T>(url: string, when: (document: T) => boolean): Promise<T> {
  for (;;) {
    const { status, document } = await call<T>('GET', url);
    if (status === 200 && when(document)) return document;
    await sleep(100);
  }
}

export const modelOf = (url: string, model: string) => get<ModelDocument>(`${url}/models/${model}`);

export async function eventsOf(url: string, model: string): Promise<EventDocument[]> {
  const path = `${url}/models/${model}/events?limit=1000`;
  return (await get<{ events: EventDocument[] }>(path)).events;
}

/** A rollout of `version`, once there is one, as it ended. */
export async function endOfRollout(
  url: string,
  model: string,
  version: string,
): Promise<RolloutDocument> {
  const { rollouts } = await once<{ rollouts: RolloutDocument[] }>(
    `${url}/models/${model}/rollouts?limit=1`,
    ({ rollouts: [newest] }) =>
      newest?.version === version && newest.state !== 'running' && newest.state !== 'paused',
  );
  const [newest] = rollouts;
  if (!newest) throw new Error(`no rollout of ${model} ${version}`);
  return await get(`${url}/models/${model}/rollouts/${newest.id}`);
}

/** Registers a fixture of the rollouts and waits for its verdict; the version's document. */
export async function registerFixture(
  url: string,
  model: string,
  fixture: string,
  more: { readonly card?: object; readonly evaluation?: string } = {},
): Promise<Record<string, unknown>> {
  const form = new FormData();
  form.append('model', new Blob([Uint8Array.from(await fixtureBytes(fixture))]), 'model.onnx');
  if (more.card) form.append('card', JSON.stringify(more.card));
  if (more.evaluation !== undefined) {
    form.append(
      'evaluation',
      new Blob([Uint8Array.from(await readFile(more.evaluation))]),
      'e.csv',
    );
  }
  const response = await fetch(`${url}/models/${model}/versions`, {
    method: 'POST',
    headers: { prefer: 'wait=60' },
    body: form,
  });
  return (await response.json()) as Record<string, unknown>;
}

export async function fixtureBytes(name: string): Promise<Uint8Array> {
  return await readFile(`test/fixtures/rollout/${name}.onnx`);
}
