import { readFileSync } from 'node:fs';
import { type FieldProblem, InvalidInputError } from '#domain';
import type { Environment } from './environment.js';
import { type Settings, type Variable, VARIABLES } from './variables.js';

const textOf = (env: Environment, name: string) => env[name]?.trim() || undefined;

function readFileOf(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new InvalidInputError(`names a file that cannot be read: ${path} (${(cause as NodeJS.ErrnoException).code ?? name})`, { cause });
  }
}

/** Reads NAME, or the file that NAME_FILE names. An empty variable counts as not set. */
function findText(env: Environment, name: string): string | undefined {
  const own = textOf(env, name);
  const path = textOf(env, `${name}_FILE`);
  if (own !== undefined && path !== undefined) throw new InvalidInputError(`is set together with ${name}_FILE: keep one of them`);
  if (path === undefined) return own;
  const content = readFileOf(name, path);
  if (content === '') throw new InvalidInputError(`names an empty file: ${path}`);
  return content;
}

function readVariable(env: Environment, { name, fallback, read }: Variable<unknown>): unknown {
  const text = findText(env, name) ?? fallback;
  return text === undefined ? undefined : read(text);
}

/** Reads every variable. A bad value is added to `problems` and stays undefined in the result. */
export function readSettings(env: Environment, problems: FieldProblem[]): Settings {
  const settings: Record<string, unknown> = {};
  for (const [key, variable] of Object.entries(VARIABLES)) {
    try {
      settings[key] = readVariable(env, variable);
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      problems.push({ field: variable.name, problem: error.message });
    }
  }
  return settings as unknown as Settings;
}
