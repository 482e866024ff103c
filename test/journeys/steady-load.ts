import { readFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { postAs } from './keep-alive.ts';

/** One request of the load, once it is answered. */
export interface Answered {
  /** Ms since the epoch. */
  readonly sentAt: number;
  readonly answeredAt: number;
  readonly key: string;
  /** Of the evaluation file's rows; odd ones are marked with ink in the first pixel. */
  readonly row: number;
  readonly odd: boolean;
  /** Absent: there was no answer at all. */
  readonly status?: number;
  readonly version?: string;
  readonly route?: string;
  /** The problem's text, or the connection's. */
  readonly error?: string;
}

export interface LoadPlan {
  readonly url: string;
  readonly model: string;
  readonly perSecond: number;
  /** Simulated callers, each with a routing key of its own. */
  readonly callers?: number;
  /** Of the requests, from 0 to 1: pictures with ink in the first pixel. */
  readonly odd?: number;
  /** Without an answer so far; what would be more is left out and counted. */
  readonly maxInFlight?: number;
}

const TICK_MS = 10;
const MAX_ANSWERS = 500_000;

/** Requests at a steady rate, however long the answers take, until it is stopped. */
export class SteadyLoad {
  /** By the time of the answer. */
  readonly answers: Answered[] = [];
  /** Not sent because too many were without an answer. */
  skipped = 0;
  /** May move to another server while it runs. */
  url: string;
  readonly #plan: Required<LoadPlan>;
  readonly #bodies: readonly (readonly [even: string, odd: string])[];
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  readonly #inFlight = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  readonly #began = performance.now();
  #due = 0;

  private constructor(plan: LoadPlan, rows: readonly (readonly number[])[]) {
    this.#plan = { callers: 500, odd: 0, maxInFlight: 256, ...plan };
    this.url = plan.url;
    this.#bodies = rows.map((pixels) => [bodyOf(pixels), bodyOf([1, ...pixels.slice(1)])]);
    this.#timer = setInterval(() => {
      this.#tick();
    }, TICK_MS);
  }

  static async start(plan: LoadPlan): Promise<SteadyLoad> {
    return new SteadyLoad(plan, await digitRows());
  }

  /** What was not answered 200. */
  get failures(): Answered[] {
    return this.answers.filter(({ status }) => status !== 200);
  }

  /** How many answers there are of each `version route status`. */
  counts(since = 0): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { sentAt, version = '-', route = '-', status = 'none' } of this.answers) {
      if (sentAt < since) continue;
      const kind = `${version} ${route} ${status}`;
      counts[kind] = (counts[kind] ?? 0) + 1;
    }
    return counts;
  }

  /** Sends no more and waits for what is on its way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#inFlight);
    this.#agent.destroy();
  }

  #tick(): void {
    const due = Math.floor(((performance.now() - this.#began) / 1000) * this.#plan.perSecond);
    for (; this.#due < due; this.#due++) {
      if (this.#inFlight.size >= this.#plan.maxInFlight || this.answers.length >= MAX_ANSWERS) {
        this.skipped++;
        continue;
      }
      const one = this.#ask(this.#due).finally(() => this.#inFlight.delete(one));
      this.#inFlight.add(one);
    }
  }

  async #ask(number: number): Promise<void> {
    const { callers, odd: oddShare, model } = this.#plan;
    const key = `caller-${Math.floor(Math.random() * callers)}`;
    const row = number % this.#bodies.length;
    const odd = Math.random() < oddShare;
    const sentAt = Date.now();
    const said = await postAs(this.#agent, {
      url: `${this.url}/v2/models/${model}/infer`,
      key,
      body: this.#bodies[row]?.[odd ? 1 : 0] ?? '',
    }).catch((error: unknown) => ({ error: String(error) }));
    this.answers.push({ sentAt, answeredAt: Date.now(), key, row, odd, ...said });
  }
}

/** The pictures of the evaluation file, without their labels. */
async function digitRows(): Promise<number[][]> {
  const lines = (await readFile('models/digits/evaluation.csv', 'utf8')).trim().split('\n');
  return lines.slice(1).map((line) => line.split(',').slice(0, -1).map(Number));
}

function bodyOf(pixels: readonly number[]): string {
  const image = { name: 'image', datatype: 'FP32', shape: [1, 1, 8, 8], data: pixels };
  return JSON.stringify({ inputs: [image] });
}
