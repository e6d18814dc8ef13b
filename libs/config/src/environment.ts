import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { InvalidInputError } from '#domain';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

const baseName = (name: string) => name.replace(/_FILE$/, '');

function readDotEnv(directory: string): Environment {
  try {
    return parseEnv(readFileSync(join(directory, '.env'), 'utf8'));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new InvalidInputError(`.env cannot be read: ${(cause as Error).message}`, {
      cause,
      fields: [{ field: '.env', problem: 'cannot be read' }],
    });
  }
}

/** Adds the variables of the `.env` file in `directory` to `real`. Where both set NAME or NAME_FILE, `real` wins. */
export function withDotEnv(directory: string, real: Environment = process.env): Environment {
  const taken = new Set(Object.keys(real).map(baseName));
  const added = Object.entries(readDotEnv(directory)).filter(([name]) => !taken.has(baseName(name)));
  return { ...Object.fromEntries(added), ...real };
}

/** Copies the variables of this process for a child process, with `changes`; the value `undefined` removes a variable. */
export function childEnvironment(changes: Environment = {}): Record<string, string> {
  const merged = Object.entries({ ...process.env, ...changes });
  return Object.fromEntries(merged.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** What a process needs that has no configuration of its own. */
const BARE = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR', 'NODE_OPTIONS', 'NODE_V8_COVERAGE'];

/** The variables for a child process that needs no configuration: no secret is among them. */
export const bareEnvironment = (): Record<string, string> =>
  Object.fromEntries(Object.entries(childEnvironment()).filter(([name]) => BARE.includes(name)));
