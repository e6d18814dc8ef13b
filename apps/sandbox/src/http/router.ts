/** The values of the `:name` segments of a pattern. */
export type PathParams = Readonly<Record<string, string>>;

interface Route<H> {
  readonly method: string;
  readonly segments: readonly string[];
  readonly handler: H;
}

/** The result of a search: a handler, a known path with another method, or an unknown path. */
export type RouteMatch<H> = { kind: 'found'; handler: H; params: PathParams } | { kind: 'wrong_method' } | { kind: 'unknown' };

/** Finds the handler of a method and a path. The first matching pattern wins. */
export class Router<H> {
  private readonly routes: Route<H>[] = [];

  /** Adds a route. A segment `:name` of the pattern matches any text. */
  add(method: string, pattern: string, handler: H): this {
    this.routes.push({ method, segments: pattern.split('/'), handler });
    return this;
  }

  /** Finds the handler for a request. */
  find(method: string, path: string): RouteMatch<H> {
    const segments = path.split('/');
    let pathKnown = false;
    for (const route of this.routes) {
      const params = matchSegments(route.segments, segments);
      if (!params) continue;
      if (route.method === method) return { kind: 'found', handler: route.handler, params };
      pathKnown = true;
    }
    return { kind: pathKnown ? 'wrong_method' : 'unknown' };
  }
}

function matchSegments(pattern: readonly string[], segments: readonly string[]): PathParams | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, expected] of pattern.entries()) {
    const actual = segments[index] ?? '';
    if (expected.startsWith(':')) params[expected.slice(1)] = decodeSegment(actual);
    else if (expected !== actual) return undefined;
  }
  return params;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
