import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { InvalidInputError } from '#domain';

/** Variables by name, as a process has them. */
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

/** The `.env` of `directory`, if there is one, under `real`: where both set NAME or NAME_FILE, the real one wins. */
export function withDotEnv(directory: string, real: Environment = process.env): Environment {
  const taken = new Set(Object.keys(real).map(baseName));
  const added = Object.entries(readDotEnv(directory)).filter(([name]) => !taken.has(baseName(name)));
  return { ...Object.fromEntries(added), ...real };
}

/** This process's own variables with some changed, for a process that it starts; `undefined` takes one away. */
export function childEnvironment(changes: Environment = {}): Record<string, string> {
  const merged = Object.entries({ ...process.env, ...changes });
  return Object.fromEntries(merged.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
