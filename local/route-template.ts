/** One path that a route template matches, as find-my-way writes it. */
export interface RoutePath {
  /** `/a/:name/*` */
  readonly path: string;
  /** The name of the catch-all parameter, when the path ends with one. */
  readonly catchAll?: string;
}

const LITERAL = /^[^{}:*?]+$/;
const PARAMETER = /^\{(\*{0,2})([A-Za-z_][A-Za-z0-9_]*)(?::([a-z]+))?(\?)?\}$/;

/** The constraints that mean the same on both sides; find-my-way matches a whole segment. */
const CONSTRAINTS: Readonly<Record<string, string>> = {
  int: '(^-?[0-9]{1,10}$)',
  long: '(^-?[0-9]{1,19}$)',
  alpha: '(^[A-Za-z]+$)',
  guid: '(^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$)',
};

/**
 * Translates a route template of Azure Functions (`a/{name}/{n:int}/{rest?}`, `{*path}`), which are
 * ASP.NET Core's. What may be absent makes a second path. @throws Error for what it can't translate
 */
export function routePaths(template: string, prefix = ''): RoutePath[] {
  const segments = [prefix, template].flatMap((part) => part.split('/')).filter(Boolean);
  let path = '';
  for (const [index, segment] of segments.entries()) {
    if (LITERAL.test(segment)) {
      path += `/${segment}`;
      continue;
    }
    const [, stars, name, constraint, optional] = PARAMETER.exec(segment) ?? [];
    const pattern = constraint === undefined ? '' : CONSTRAINTS[constraint];
    if (name === undefined || pattern === undefined) throw untranslatable(template, segment);
    const last = index === segments.length - 1;
    if (stars) {
      if (!last || constraint) throw untranslatable(template, segment);
      return [{ path: path || '/' }, { path: `${path}/*`, catchAll: name }];
    }
    if (optional) {
      if (!last) throw untranslatable(template, segment);
      return [{ path: path || '/' }, { path: `${path}/:${name}${pattern}` }];
    }
    path += `/:${name}${pattern}`;
  }
  return [{ path: path || '/' }];
}

function untranslatable(template: string, segment: string): Error {
  return new Error(
    `route ${JSON.stringify(template)}: expected segments that are text, {name}, {name:${Object.keys(CONSTRAINTS).join('|')}}, and last {name?} or {*name}; got ${JSON.stringify(segment)}`,
  );
}
