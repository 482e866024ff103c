import type { Version } from '../ids.ts';
import { RecentMap } from '../inference/recent-map.ts';
import type { Engine, InferAnswer } from '../ports/engine.ts';
import type { LiveTest } from '../rollout/live-test.ts';
import { isVersionError } from '../rollout/version-error.ts';
import type { LiveRecorder } from './live-recorder.ts';
import { seenAnswer, seenError } from './seen-answer.ts';
import type { ServableModels } from './servable-models.ts';
import type { Copied, ShadowTraffic } from './shadow-traffic.ts';

/** Versions whose loading was begun once. */
const MAX_READIED = 1_000;

/** A request that came by its model's routing while two versions are live. */
export interface RoutedRequest extends Copied {
  readonly version: Version;
  /** The point of its routing key, by which requests of one caller are known; undefined: it has none. */
  readonly caller: number | undefined;
}

/** Waits for what becomes of a request whose answer is looked into; one of both is called, once. */
export interface Watch {
  answered(answer: InferAnswer): void;
  failed(error: unknown): void;
}

export interface LiveTrafficDeps {
  readonly engine: Pick<Engine, 'load'>;
  readonly models: Pick<ServableModels, 'resolve'>;
  readonly recorder: Pick<LiveRecorder, 'saw'>;
  readonly shadows: Pick<ShadowTraffic, 'copy'>;
}

/** What live tests learn from the requests of this instance. */
export class LiveTraffic {
  readonly #deps: LiveTrafficDeps;
  /** Of each record that was read: its candidate was seen to. */
  readonly #known = new WeakSet<LiveTest>();
  readonly #readied = new RecentMap<string, true>(MAX_READIED);

  constructor(deps: LiveTrafficDeps) {
    this.#deps = deps;
  }

  /** Called before the engine gets the request's body; undefined: its answer tells nothing. */
  watch(test: LiveTest, request: RoutedRequest): Watch | undefined {
    const { beside } = test;
    const watch = this.#watch(test, request);
    const other = beside && this.#watch(beside, request);
    if (!watch || !other) return watch ?? other;
    return {
      answered: (answer) => {
        watch.answered(answer);
        other.answered(answer);
      },
      failed: (error) => {
        watch.failed(error);
        other.failed(error);
      },
    };
  }

  #watch(test: LiveTest, request: RoutedRequest): Watch | undefined {
    this.#ready(test);
    const { version, caller } = request;
    if (test.shadowPercent !== undefined) {
      return version === test.production ? this.#watchCopy(test, request) : undefined;
    }
    const { recorder } = this.#deps;
    const arm = version === test.candidate ? 'candidate' : 'production';
    return {
      answered: (answer) => {
        recorder.saw(test, arm, seenAnswer(answer, caller));
      },
      failed: (error) => {
        if (isVersionError(error)) recorder.saw(test, arm, seenError(caller));
      },
    };
  }

  #watchCopy(test: LiveTest, request: RoutedRequest): Watch | undefined {
    const copy = this.#deps.shadows.copy(test, request);
    return (
      copy && {
        answered: (answer) => {
          copy.run(answer, request.caller);
        },
        failed: () => {
          copy.discard();
        },
      }
    );
  }

  /**
   * A version that is about to get traffic of a model that this instance serves is loaded before its
   * first request, once: whoever asks for it is told what is wrong with it, or loads it again.
   */
  #ready(test: LiveTest): void {
    if (this.#known.has(test)) return;
    this.#known.add(test);
    const { model, candidate } = test;
    const version = `${model}/${candidate}`;
    if (this.#readied.get(version)) return;
    this.#readied.set(version, true);
    const { engine, models } = this.#deps;
    setImmediate(() => {
      models
        .resolve(model, candidate, 0)
        .then(({ servable }) => engine.load(servable))
        .catch(() => undefined);
    });
  }
}
