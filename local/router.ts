import type { HttpFunction } from '../functions/trigger.ts';
import { type RoutePath, routePaths, type Segment } from './route-template.ts';

/** Which function answers a request, and with which route parameters. */
export interface Route {
  readonly definition: HttpFunction;
  readonly params: Readonly<Record<string, string>>;
}

interface Target extends RoutePath {
  readonly definition: HttpFunction;
}

/** Finds the function that answers; the rules are the Functions host's. */
export class Router {
  /** By method, what comes first first. */
  readonly #targets = new Map<string, Target[]>();

  /** @throws Error for a route that can't be read */
  constructor(functions: readonly HttpFunction[], routePrefix: string) {
    for (const definition of functions) {
      const paths = routePaths(definition.route, routePrefix);
      for (const method of definition.methods) {
        const targets = this.#targets.get(method) ?? [];
        targets.push(...paths.map((path) => ({ ...path, definition })));
        this.#targets.set(method, targets.sort(byPrecedence));
      }
    }
  }

  /**
   * `path` is the request's, still encoded and without query; letters match in either case, a slash
   * at its end counts for nothing. Parameters come decoded, but for `%2F`, which would otherwise be
   * a separator. Undefined when nothing is declared for method and path.
   * @throws URIError when the path has broken escapes
   */
  find(method: string, path: string): Route | undefined {
    if (!path.startsWith('/')) return undefined;
    const sought = segmentsOf(path);
    for (const target of this.#targets.get(method) ?? []) {
      const params = match(target, sought);
      if (params) return { definition: target.definition, params };
    }
    return undefined;
  }
}

function segmentsOf(path: string): string[] {
  const end = path.endsWith('/') ? path.length - 1 : path.length;
  if (end <= 1) return [];
  const segments = path.slice(1, end).split('/');
  return path.includes('%') ? segments.map(decoded) : segments;
}

function decoded(segment: string): string {
  return decodeURIComponent(segment.replace(/%2f/gi, (escape) => `%25${escape.slice(1)}`));
}

/** The parameters; undefined when it is another path. */
function match(
  { segments, catchAll }: RoutePath,
  sought: readonly string[],
): Record<string, string> | undefined {
  const rest = sought.length - segments.length;
  if (rest < 0 || (rest > 0 && catchAll === undefined)) return undefined;
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const text = sought[index] ?? '';
    if (segment.kind === 'literal') {
      if (text !== segment.text && text.toLowerCase() !== segment.text) return undefined;
    } else {
      if (text === '' || segment.pattern?.test(text) === false) return undefined;
      params[segment.name] = text;
    }
  }
  if (catchAll !== undefined && rest > 0) params[catchAll] = sought.slice(-rest).join('/');
  return params;
}

/** A literal before a constrained parameter, that before a free one, the rest of a path last. */
function byPrecedence(a: RoutePath, b: RoutePath): number {
  const length = Math.max(a.segments.length, b.segments.length);
  for (let index = 0; index < length; index++) {
    const difference = rank(a.segments[index]) - rank(b.segments[index]);
    if (difference !== 0) return difference;
  }
  return Number(a.catchAll !== undefined) - Number(b.catchAll !== undefined);
}

function rank(segment: Segment | undefined): number {
  if (!segment) return 3;
  if (segment.kind === 'literal') return 0;
  return segment.pattern ? 1 : 2;
}
