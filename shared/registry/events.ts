import type { AliasName, Version } from '../ids.ts';
import type { Routing } from './model-record.ts';

/** One change in a model's life, exactly once, in the order of `seq` (1, 2, 3, …). */
export interface ModelEvent {
  readonly seq: number;
  /** RFC 3339; never before the event before it. */
  readonly at: string;
  readonly who: string;
  readonly type:
    | 'registered'
    | 'ready'
    | 'rejected'
    | 'retired'
    | 'routed'
    | 'aliased'
    | 'unaliased'
    | 'rolloutStarted'
    | 'rolloutAdvanced'
    | 'rolloutPaused'
    | 'rolloutResumed'
    | 'rolloutCompleted'
    | 'rolloutAborted'
    /** By a rollout that harmed, or because somebody asked for it. */
    | 'rolledBack'
    | 'deleted';
  readonly why: string;
  readonly figures?: Readonly<Record<string, number | string>>;
  /** What is routed and named from this event on. */
  readonly routing: Routing;
  readonly aliases: Readonly<Record<AliasName, Version>>;
}
