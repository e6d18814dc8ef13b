import { closest, distance } from 'fastest-levenshtein';
import { type Environment, withDotEnv } from './environment.js';
import { VARIABLES } from './variables.js';

/** A variable that looks like one of the service and is none. */
export interface UnknownVariable {
  readonly name: string;
  /** The known name that resembles it; undefined when none does. */
  readonly meant: string | undefined;
}

const known = Object.values(VARIABLES).map(({ name }) => name);
/** Beginnings that no other program uses. */
const PREFIXES = ['KOMMO_', 'UNISENDER_', 'BEANSTALK_', 'CRONITOR_', 'RECONCILE_', 'TOKEN_RENEW_', 'UNINSTALL_', 'EMBEDDED_QUEUE_'];
/** Shorter names resemble names of other programs. */
const MIN_LENGTH = 8;
const MAX_TYPOS = 2;
const MAX_TYPOS_OF_PREFIXED = 8;

function toUnknown(name: string): UnknownVariable | undefined {
  const base = name.replace(/_FILE$/, '');
  if (known.includes(base)) return undefined;
  const near = closest(base, known);
  const typos = distance(base, near);
  const hasPrefix = PREFIXES.some((prefix) => base.startsWith(prefix));
  if (!hasPrefix && (base.length < MIN_LENGTH || typos > MAX_TYPOS)) return undefined;
  return { name, meant: typos <= (hasPrefix ? MAX_TYPOS_OF_PREFIXED : MAX_TYPOS) ? near : undefined };
}

/**
 * Finds variables that begin like ours, or differ from one of ours by two letters at most, and that the service does not read. `env`
 * defaults to the variables of the process and of `./.env`. Throws InvalidInputError when `.env` cannot be read.
 */
export function findUnknownVariables(env: Environment = withDotEnv(process.cwd())): UnknownVariable[] {
  return Object.keys(env)
    .sort()
    .map(toUnknown)
    .filter((variable) => variable !== undefined);
}
