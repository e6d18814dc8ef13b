import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJson, valueAt } from '#domain';
import { findProjectFolder } from './project-folder.js';

/** Reads the version in package.json; empty when there is none. */
export async function readServiceVersion(): Promise<string> {
  const version = valueAt(parseJson(await readFile(join(findProjectFolder(), 'package.json'), 'utf8')), 'version');
  return typeof version === 'string' ? version : '';
}
