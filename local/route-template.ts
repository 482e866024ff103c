/** One segment of a path: a text, in lower case, or a parameter. */
export type Segment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'parameter'; readonly name: string; readonly pattern?: RegExp };

/** One shape of path that a route template matches. */
export interface RoutePath {
  readonly segments: readonly Segment[];
  /** The name of the parameter that takes the rest of the path, when there is one. */
  readonly catchAll?: string;
}

const LITERAL = /^[^{}:*?]+$/;
const PARAMETER = /^\{(\*{0,2})([A-Za-z_][A-Za-z0-9_]*)(?::([a-z]+))?(\?)?\}$/;

/** What a whole segment must be; ASP.NET Core's constraints that need no more than its text. */
const CONSTRAINTS: Readonly<Record<string, RegExp>> = {
  int: /^-?[0-9]{1,10}$/,
  long: /^-?[0-9]{1,19}$/,
  alpha: /^[A-Za-z]+$/,
  guid: /^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$/,
};

/**
 * Reads a route template of Azure Functions (`a/{name}/{n:int}/{rest?}`, `{*path}`), which are
 * ASP.NET Core's. What may be absent makes a second path. @throws Error for what it can't read
 */
export function routePaths(template: string, prefix = ''): RoutePath[] {
  const texts = [prefix, template].flatMap((part) => part.split('/')).filter(Boolean);
  const segments: Segment[] = [];
  for (const [index, text] of texts.entries()) {
    if (LITERAL.test(text)) {
      segments.push({ kind: 'literal', text: text.toLowerCase() });
      continue;
    }
    const [, stars, name, constraint, optional] = PARAMETER.exec(text) ?? [];
    const pattern = constraint === undefined ? undefined : CONSTRAINTS[constraint];
    const known = constraint === undefined || pattern !== undefined;
    const last = index === texts.length - 1;
    if (name === undefined || !known || (!last && (stars || optional))) {
      throw unreadable(template, text);
    }
    if (stars) {
      if (constraint) throw unreadable(template, text);
      return [{ segments, catchAll: name }];
    }
    const parameter: Segment = { kind: 'parameter', name, ...(pattern && { pattern }) };
    if (optional) return [{ segments }, { segments: [...segments, parameter] }];
    segments.push(parameter);
  }
  return [{ segments }];
}

function unreadable(template: string, segment: string): Error {
  return new Error(
    `route ${JSON.stringify(template)}: expected segments that are text, {name}, {name:${Object.keys(CONSTRAINTS).join('|')}}, and last {name?} or {*name}; got ${JSON.stringify(segment)}`,
  );
}
