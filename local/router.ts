import FindMyWay, { type HTTPMethod } from 'find-my-way';
import type { HttpFunction } from '../functions/trigger.ts';
import { routePaths } from './route-template.ts';

interface Target {
  readonly definition: HttpFunction;
  readonly catchAll: string | undefined;
}

/** Which function answers a request, and with which route parameters. */
export interface Route {
  readonly definition: HttpFunction;
  readonly params: Readonly<Record<string, string>>;
}

// Longer than any request line that the server takes.
const MAX_PARAMETER_LENGTH = 65_536;

/** Finds the function that answers; the rules are the Functions host's. */
export class Router {
  readonly #inner = FindMyWay({
    caseSensitive: false,
    ignoreTrailingSlash: true,
    maxParamLength: MAX_PARAMETER_LENGTH,
  });

  constructor(functions: readonly HttpFunction[], routePrefix: string) {
    for (const definition of functions) {
      for (const { path, catchAll } of routePaths(definition.route, routePrefix)) {
        for (const method of definition.methods) {
          const target: Target = { definition, catchAll };
          this.#inner.on(method, path, () => undefined, target);
        }
      }
    }
  }

  /**
   * `path` is the request's, still encoded and without query. Parameters come decoded, but for
   * `%2F`, which would otherwise be a separator. Undefined when nothing is declared for method and
   * path. @throws URIError when the path has broken escapes
   */
  find(method: string, path: string): Route | undefined {
    let sought = path;
    if (path.includes('%')) {
      decodeURIComponent(path);
      sought = path.replace(/%2f/gi, (escape) => `%25${escape.slice(1)}`);
    }
    const found = this.#inner.find(method as HTTPMethod, sought);
    if (!found) return undefined;
    const { definition, catchAll } = found.store as Target;
    const params = found.params as Record<string, string>;
    if (catchAll !== undefined) {
      const { '*': rest = '', ...others } = params;
      return { definition, params: { ...others, [catchAll]: rest } };
    }
    return { definition, params };
  }
}
