import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseJson, valueAt } from '#domain';

/** The nearest folder with a package.json, for compiled code and for sources. */
function findPackageFile(folder: string): string | undefined {
  const file = join(folder, 'package.json');
  if (existsSync(file)) return file;
  const parent = dirname(folder);
  return parent === folder ? undefined : findPackageFile(parent);
}

/** The version in package.json; empty when there is none. */
export function readServiceVersion(): string {
  const file = findPackageFile(dirname(fileURLToPath(import.meta.url)));
  const version = file === undefined ? undefined : valueAt(parseJson(readFileSync(file, 'utf8')), 'version');
  return typeof version === 'string' ? version : '';
}
