import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** A service of docker/compose.production.yaml. */
export interface ProductionService {
  /** The arguments of the image's entry point. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly replicas: number;
}

interface Compose {
  readonly services: Readonly<Record<string, { command?: string[]; environment?: Record<string, string>; deploy?: { replicas: number } }>>;
}

const FILE = 'docker/compose.production.yaml';

/** From the compiled file, else from the source. */
function pathOf(file: string): URL {
  const fromBuild = new URL(`../../../${file}`, import.meta.url);
  return existsSync(fromBuild) ? fromBuild : new URL(`../../${file}`, import.meta.url);
}

/** Reads the services of production. Throws when one of `names` is missing. */
export function readProductionServices<Name extends string>(names: readonly Name[]): Readonly<Record<Name, ProductionService>> {
  const { services } = parse(readFileSync(pathOf(FILE), 'utf8'), { merge: true }) as Compose;
  const read = (name: Name): [Name, ProductionService] => {
    const service = services[name];
    if (!service) throw new Error(`${FILE} has no service "${name}"`);
    const { command = [], environment = {}, deploy } = service;
    return [name, { command, environment, replicas: deploy?.replicas ?? 1 }];
  };
  return Object.fromEntries(names.map(read)) as Record<Name, ProductionService>;
}
