import type { ApiScene } from './api-scene.js';

/** One method of one path of the router. */
export interface Route {
  readonly method: string;
  /** With the names of its parameters: `/sync/contacts/:run_id`. */
  readonly path: string;
}

/** Reads the routes from the tree that Fastify prints. */
export function listRoutes(scene: ApiScene): Route[] {
  const fastify = scene.app.getHttpAdapter().getInstance();
  const drawing = fastify.printRoutes({ commonPrefix: false });
  const parents: string[] = [];
  return drawing.split('\n').flatMap((line) => {
    const [, indent = '', segment = '', methods] = /^([│ ]*)[└├]── (\S+)(?: \((.+)\))?/.exec(line) ?? [];
    if (segment === '') return [];
    const level = indent.length / 4;
    parents.splice(level, parents.length, segment);
    return (methods?.split(', ') ?? []).map((method) => ({ method, path: parents.join('') }));
  });
}
