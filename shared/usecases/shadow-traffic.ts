import { ServingError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Engine, InferAnswer, InferJob, ServableModel } from '../ports/engine.ts';
import type { LiveTest } from '../rollout/live-test.ts';
import type { LiveRecorder, Seen } from './live-recorder.ts';
import { seenAnswer, seenError } from './seen-answer.ts';
import type { ServableModels } from './servable-models.ts';

/** Copies that exist at a time. */
const MAX_COPIES = 8;
/** Larger bodies aren't copied. */
const MAX_BODY_BYTES = 1_000_000;
const LOWEST_PRIORITY = 3;
const DEFAULT_PRIORITY = 0;
/** What a shadow may take of the time while work waits: enough that its comparison ends some day. */
const SHARE_UNDER_LOAD = 0.01;
/** A timer may be so much ahead of the clock, ms. */
const EARLY_MS = 10;

/** What is copied of a request. */
export type Copied = Pick<InferJob, 'body' | 'headerLength' | 'contentEncoding'>;

/** A request's copy, held until one of both is called, once. */
export interface ShadowCopy {
  /**
   * The production version answered; the copy's turn comes when this turn of the event loop is over.
   * `caller`: the point of the request's routing key, if it has one.
   */
  run(answer: InferAnswer, caller: number | undefined): void;
  /** The production version failed: there is nothing to compare with. */
  discard(): void;
}

export interface ShadowTrafficDeps {
  readonly clock: Clock;
  readonly engine: Pick<Engine, 'infer' | 'waiting' | 'ailments'>;
  readonly models: Pick<ServableModels, 'resolveKnown' | 'resolve'>;
  readonly recorder: Pick<LiveRecorder, 'compared' | 'dropped'>;
  readonly config: { readonly requestTimeoutMs: number };
  /** From [0, 1). */
  readonly random?: () => number;
}

/**
 * Runs copies of requests on a version that nobody gets answers from, off the answers' way: within
 * bounds, and behind everybody else. While work waits they are dropped, but for one now and then, or
 * an instance that is never idle would never compare anything. What is not copied for that, or not
 * run, is counted as dropped.
 */
export class ShadowTraffic {
  readonly #deps: ShadowTrafficDeps;
  readonly #random: () => number;
  #copies = 0;
  #underLoad = false;
  /** Until then nothing runs under load, ms. */
  #restUntil = 0;

  constructor(deps: ShadowTrafficDeps) {
    this.#deps = deps;
    this.#random = deps.random ?? Math.random;
  }

  /** Copies a request, whose body the engine hasn't got yet, if its turn comes up and there is room. */
  copy(test: LiveTest, { body, headerLength, contentEncoding }: Copied): ShadowCopy | undefined {
    if (this.#random() * 100 >= (test.shadowPercent ?? 0)) return undefined;
    const fits = body.byteLength <= MAX_BODY_BYTES && this.#copies < MAX_COPIES;
    if (!fits || this.#priority() === undefined) {
      this.#deps.recorder.dropped(test);
      return undefined;
    }
    const copied = { body: new Uint8Array(body), headerLength, contentEncoding };
    this.#copies++;
    const release = () => {
      this.#copies--;
    };
    return {
      run: (answer, caller) => {
        setImmediate(() => {
          void this.#run(test, copied, seenAnswer(answer, caller)).finally(release);
        });
      },
      discard: release,
    };
  }

  async #run(test: LiveTest, copied: Copied, production: Seen): Promise<void> {
    const { recorder } = this.#deps;
    const priority = this.#priority();
    const candidate =
      priority === undefined
        ? undefined
        : await this.#paced(priority, () => this.#ask(test, copied, production.caller, priority));
    if (candidate) recorder.compared(test, { production, candidate });
    else recorder.dropped(test);
  }

  /** Rests after a run under load, so that such runs keep to their share of the time. */
  async #paced<T>(priority: number, run: () => Promise<T>): Promise<T> {
    if (priority !== DEFAULT_PRIORITY) return run();
    const { clock } = this.#deps;
    const began = clock();
    this.#underLoad = true;
    try {
      return await run();
    } finally {
      this.#underLoad = false;
      this.#restUntil = clock() + Math.max(1, clock() - began) / SHARE_UNDER_LOAD;
    }
  }

  /** What the shadow makes of the copy; undefined when that isn't its own doing. Never rejects. */
  async #ask(
    test: LiveTest,
    copied: Copied,
    caller: number | undefined,
    priority: number,
  ): Promise<Seen | undefined> {
    const { clock, engine, config } = this.#deps;
    const servable = await this.#find(test);
    if (!servable) return undefined;
    const deadline = clock() + config.requestTimeoutMs;
    try {
      const answer = await engine.infer(servable, {
        ...copied,
        acceptEncoding: undefined,
        deadline,
        priority,
        observe: 'only',
      });
      return seenAnswer(answer, caller);
    } catch (error) {
      return this.#isItsOwn(error, deadline) ? seenError(caller) : undefined;
    }
  }

  async #find({ model, candidate }: LiveTest): Promise<ServableModel | undefined> {
    const { models } = this.#deps;
    try {
      const found =
        models.resolveKnown(model, candidate, 0) ?? (await models.resolve(model, candidate, 0));
      return found.servable;
    } catch {
      return undefined;
    }
  }

  /**
   * Production has answered the same bytes, so what is wrong with them is wrong with the version. But
   * it isn't to blame for waiting behind others, for a time-out of the caller's, or for the end.
   */
  #isItsOwn(error: unknown, deadline: number): boolean {
    if (!(error instanceof ServingError)) return true;
    const { clock, engine } = this.#deps;
    switch (error.failure.kind) {
      case 'overloaded':
        return false;
      case 'notReady':
        return engine.ailments().length === 0;
      case 'deadlinePassed':
        return clock() >= deadline - EARLY_MS && engine.waiting() === 0;
      default:
        return true;
    }
  }

  /** With which a copy may run now; undefined: not at all. */
  #priority(): number | undefined {
    const { clock, engine } = this.#deps;
    if (engine.ailments().length > 0) return undefined;
    if (engine.waiting() === 0) return LOWEST_PRIORITY;
    // Behind everybody else it would never run.
    return this.#underLoad || clock() < this.#restUntil ? undefined : DEFAULT_PRIORITY;
  }
}
