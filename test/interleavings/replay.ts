import type { ModelEvent } from '../../shared/registry/events.ts';

/** What is routed and named. */
export type Standing = Pick<ModelEvent, 'routing' | 'aliases'>;

/** What is routed and named after an event, by what was before and its figures alone. */
export function replayed(
  before: ModelEvent | undefined,
  { type, figures = {} }: ModelEvent,
): Readonly<Record<keyof Standing, unknown>> {
  const aliases: Record<string, number> = { ...before?.aliases };
  const unchanged = { routing: before?.routing ?? {}, aliases };
  switch (type) {
    case 'routed':
      return { aliases, routing: routed(figures) };
    case 'rolloutStarted':
    case 'rolloutAdvanced':
      return figures.percent === undefined ? unchanged : { aliases, routing: staged(figures) };
    case 'rolloutCompleted':
      return { aliases, routing: { production: Number(figures.version) } };
    case 'rolloutAborted':
      return { aliases, routing: { production: Number(figures.from) } };
    case 'rolledBack':
      return { aliases, routing: { production: Number(figures.production ?? figures.from) } };
    case 'aliased':
      return {
        routing: before?.routing,
        aliases: { ...aliases, [String(figures.alias)]: Number(figures.version) },
      };
    case 'unaliased':
      // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- a plain map of this test
      delete aliases[String(figures.alias)];
      return { routing: before?.routing, aliases };
    case 'deleted':
      return { routing: {}, aliases: {} };
    case 'registered':
    case 'ready':
    case 'rejected':
    case 'retired':
    case 'rolloutPaused':
    case 'rolloutResumed':
      return unchanged;
  }
}

type Figures = NonNullable<ModelEvent['figures']>;

function routed({ production, candidate, candidatePercent, shadow, shadowPercent }: Figures) {
  return {
    production: Number(production),
    ...(candidate && { candidate: { version: Number(candidate), percent: candidatePercent } }),
    ...(shadow && { shadow: { version: Number(shadow), percent: shadowPercent } }),
  };
}

function staged({ version, from, stage, percent }: Figures) {
  const share = { version: Number(version), percent };
  return {
    production: Number(from),
    ...(stage === 'shadow' ? { shadow: share } : { candidate: share }),
  };
}
