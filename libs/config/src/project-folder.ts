import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder with the project's package.json, for compiled code and for sources. */
export function findProjectFolder(folder: string = import.meta.dirname): string {
  const parent = dirname(folder);
  return existsSync(join(folder, 'package.json')) || parent === folder ? folder : findProjectFolder(parent);
}
