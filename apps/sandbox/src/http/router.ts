/** Values of the `:name` steps of a matched pattern. */
export type PathParams = Readonly<Record<string, string>>;

interface Route<H> {
  readonly method: string;
  readonly steps: readonly string[];
  readonly handler: H;
}

export type RouteMatch<H> = { kind: 'found'; handler: H; params: PathParams } | { kind: 'wrong_method' } | { kind: 'unknown' };

/** Matches a method and a path with `:name` steps; the first pattern that fits wins. */
export class Router<H> {
  private readonly routes: Route<H>[] = [];

  add(method: string, pattern: string, handler: H): this {
    this.routes.push({ method, steps: pattern.split('/'), handler });
    return this;
  }

  find(method: string, path: string): RouteMatch<H> {
    const steps = path.split('/');
    let pathKnown = false;
    for (const route of this.routes) {
      const params = matchSteps(route.steps, steps);
      if (!params) continue;
      if (route.method === method) return { kind: 'found', handler: route.handler, params };
      pathKnown = true;
    }
    return { kind: pathKnown ? 'wrong_method' : 'unknown' };
  }
}

function matchSteps(pattern: readonly string[], steps: readonly string[]): PathParams | undefined {
  if (pattern.length !== steps.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, expected] of pattern.entries()) {
    const actual = steps[index] ?? '';
    if (expected.startsWith(':')) params[expected.slice(1)] = decodeStep(actual);
    else if (expected !== actual) return undefined;
  }
  return params;
}

function decodeStep(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}
