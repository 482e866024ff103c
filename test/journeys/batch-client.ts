import { setTimeout as sleep } from 'node:timers/promises';

/** A job as GET answers it. */
export interface BatchDocument {
  readonly id: string;
  readonly state: 'queued' | 'running' | 'completed' | 'failed' | 'cancelled';
  readonly reason?: string;
  readonly version?: string;
  readonly rows: { readonly scored: number; readonly failed: number };
  readonly chunks: { readonly total: number; readonly done: number };
  readonly error?: string;
}

/** POST /batches with rows as the body. */
export async function scoreRows(
  url: string,
  query: string,
  rows: string | Uint8Array<ArrayBuffer>,
  contentType = 'text/csv',
): Promise<{ status: number; document: BatchDocument }> {
  const response = await fetch(`${url}/batches?${query}`, {
    method: 'POST',
    headers: { 'content-type': contentType },
    body: rows,
  });
  return { status: response.status, document: (await response.json()) as BatchDocument };
}

/** POST /batches with JSON. */
export async function createJob(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; document: BatchDocument }> {
  const response = await fetch(`${url}/batches`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, document: (await response.json()) as BatchDocument };
}

export async function readJob(url: string, id: string): Promise<BatchDocument> {
  const response = await fetch(`${url}/batches/${id}`);
  return (await response.json()) as BatchDocument;
}

/** The job once it has ended. */
export async function endOf(url: string, id: string): Promise<BatchDocument> {
  for (;;) {
    const job = await readJob(url, id);
    if (job.state !== 'queued' && job.state !== 'running') return job;
    await sleep(50);
  }
}

/** A result's text. @throws Error unless it is answered 200 */
export async function resultOf(
  url: string,
  id: string,
  result: 'output' | 'errors',
): Promise<string> {
  const response = await fetch(`${url}/batches/${id}/${result}`);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${result}: ${response.status} ${text}`);
  return text;
}
