import type { StandInStorage } from './storage.ts';
import { type Asked, problem, type Told } from './told.ts';

interface Job {
  readonly id: string;
  readonly key: string | undefined;
  readonly request: Record<string, unknown> & { model: string; format: string };
  state: string;
  reason?: string;
  chunksDone: number;
  readonly lines: readonly string[];
}

const CHUNKS = 3;

/**
 * Batch jobs: a job moves on a step each time it is looked at. Every row of its input is answered
 * with itself and a 1; one that holds `bad` fails.
 */
export class StandInBatches {
  readonly jobs: Job[] = [];
  /** Jobs that run go no further. */
  isHeld = false;
  /** Why jobs fail once they have run. */
  failure: string | undefined;
  readonly #storage: StandInStorage;

  constructor(storage: StandInStorage) {
    this.#storage = storage;
  }

  answer(asked: Asked): Told {
    const [pathname = '', search = ''] = asked.path.split('?', 2);
    const [, , id, what] = pathname.split('/');
    if (id === undefined) return asked.method === 'POST' ? this.#create(asked) : this.#list(search);
    const job = this.jobs.find((one) => one.id === id);
    if (!job) return problem(404, `there is no batch ${id}`);
    if (what !== undefined) return this.#result(job, what, asked);
    if (asked.method === 'DELETE') {
      if (hasEnded(job)) return problem(409, `batch ${id} has ended: ${job.state}`);
      job.state = 'cancelled';
      return { status: 202, body: documentOf(job) };
    }
    const document = documentOf(job);
    this.#step(job);
    return { status: 200, body: document };
  }

  #create({ headers, body }: Asked): Told {
    const key = headers['idempotency-key'];
    const request = JSON.parse(body.toString('utf8')) as Job['request'] & {
      input: { blob: string };
    };
    const known = this.jobs.find((job) => key !== undefined && job.key === key);
    if (known) return { status: 202, body: documentOf(known) };
    if (request.model !== 'churn') {
      return problem(404, `Request for unknown model: "${request.model}" is not found`);
    }
    const input = this.#storage.blobs.get(request.input.blob);
    if (!input) return problem(400, `blob ${request.input.blob}: there is none`);
    const [, ...lines] = input.toString('utf8').trimEnd().split('\n');
    const id = `job${String(this.jobs.length + 1)}`;
    const job = { id, key, request, state: 'queued', chunksDone: 0, lines };
    this.jobs.push(job);
    return { status: 202, headers: { location: `/batches/${id}` }, body: documentOf(job) };
  }

  #list(search: string): Told {
    const query = new URLSearchParams(search);
    const limit = Math.min(2, Number(query.get('limit')));
    const from = Number(query.get('continuation') ?? '0');
    const newest = [...this.jobs].reverse();
    const batches = newest.slice(from, from + limit).map(documentOf);
    const isOver = from + limit >= newest.length;
    return {
      status: 200,
      body: { batches, ...(!isOver && { continuation: String(from + limit) }) },
    };
  }

  #step(job: Job): void {
    if (hasEnded(job)) return;
    if (job.state === 'queued') job.state = 'running';
    else if (this.isHeld) return;
    else if (job.chunksDone < CHUNKS) job.chunksDone++;
    else if (this.failure !== undefined)
      Object.assign(job, { state: 'failed', reason: this.failure });
    else job.state = 'completed';
  }

  #result(job: Job, what: string, { headers }: Asked): Told {
    if (job.state !== 'completed') return problem(409, `batch ${job.id} is ${job.state}`);
    const { scored, failed } = parted(job);
    const lines =
      what === 'output'
        ? ['row,leaves', ...scored.map((line) => `${line},1`)]
        : ['line,reason', ...failed.map((_, i) => `${i},bad`)];
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? '0');
    const etag = { etag: '"1"' };
    if (start === 0) return { status: 200, headers: etag, body: bytes };
    const contentRange = `bytes ${start}-${bytes.byteLength - 1}/${bytes.byteLength}`;
    const partial = { ...etag, 'content-range': contentRange };
    return { status: 206, headers: partial, body: bytes.subarray(start) };
  }
}

function parted({ lines }: Job) {
  const failed = lines.filter((line) => line.includes('bad'));
  return { scored: lines.filter((line) => !line.includes('bad')), failed };
}

function hasEnded({ state }: Job): boolean {
  return /^(?:completed|failed|cancelled)$/.test(state);
}

function documentOf(job: Job) {
  const { id, state, request, chunksDone } = job;
  const { scored, failed } = parted(job);
  const share = chunksDone / CHUNKS;
  const version = (request.version as string | undefined) ?? '4';
  return {
    id,
    state,
    ...(job.reason !== undefined && { reason: job.reason }),
    model: request.model,
    format: request.format,
    ...(state !== 'queued' && { version }),
    rows: {
      scored: Math.floor(scored.length * share),
      failed: Math.floor(failed.length * share),
    },
    chunks: { total: state === 'queued' ? 0 : CHUNKS, done: chunksDone },
    createdAt: '2030-01-01T00:00:00.000Z',
    ...(hasEnded(job) && { finishedAt: '2030-01-01T00:00:10.000Z' }),
  };
}
