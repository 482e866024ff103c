import type { App } from '../shared/compose.ts';
import { ServingError } from '../shared/errors.ts';
import { type ModelName, parseModelName, quoted } from '../shared/ids.ts';
import type { ModelEvent } from '../shared/registry/events.ts';
import { readEvents, readStateAt } from '../shared/usecases/read-history.ts';
import { json } from './answer.ts';
import { aliasesDocument, routingDocument } from './model-document.ts';
import { continuationToken, queryContinuation, queryLimit } from './page.ts';
import type { Answer, HttpFunction } from './trigger.ts';

const RFC_3339 = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** GET /models/{model}/events: its history, oldest first; `?at=`: what was routed and named then. */
export const readHistoryFunction: HttpFunction = {
  kind: 'http',
  name: 'read-history',
  route: 'models/{model}/events',
  methods: ['GET'],
  access: 'Scorer',
  async handler(app, request) {
    const model = parseModelName(request.params.model ?? '');
    const at = request.query.get('at');
    if (at !== null) return stateAt(app, model, parseInstant(at));
    const limit = queryLimit(request);
    const { eventsPosition } = await import('./request-schemas.ts');
    const after = queryContinuation(request, eventsPosition)?.eventsAfter ?? 0;
    const { events, next } = await readEvents(app, model, { after, limit });
    return json(200, {
      events: events.map(eventDocument),
      ...(next !== undefined && { continuation: continuationToken({ eventsAfter: next }) }),
    });
  },
};

async function stateAt(app: App, model: ModelName, at: number): Promise<Answer> {
  const { routing, aliases } = await readStateAt(app, model, at);
  return json(200, {
    at: new Date(at).toISOString(),
    routing: routingDocument(routing),
    aliases: aliasesDocument(aliases),
  });
}

function eventDocument({ seq, at, who, type, why, figures, routing }: ModelEvent) {
  return { seq, at, who, type, why, figures, routing: routingDocument(routing) };
}

/** Milliseconds since the epoch. @throws ServingError `malformed` */
function parseInstant(text: string): number {
  // In a query, the + of an offset that nobody escaped means a blank.
  const instant = text.toUpperCase().replace(/ (?=\d\d:\d\d$)/, '+');
  const at = RFC_3339.test(instant) ? Date.parse(instant.replace(/^(.{10}) /, '$1T')) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw new ServingError({
    kind: 'malformed',
    detail: `at: expected a time as RFC 3339 has it, such as 2026-01-31T12:00:00Z, got ${quoted(text)}`,
  });
}
