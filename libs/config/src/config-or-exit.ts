import { InvalidInputError } from '#domain';
import { type Config, loadConfig } from './config.js';

/** Exit code for a bad configuration, as in sysexits(3). A restart without a change fails again. */
export const EX_CONFIG = 78;

/** Files and folders that this process and its children create can be read by their owner only. */
const PRIVATE_UMASK = 0o077;

/**
 * Ends the process with {@link EX_CONFIG} after an InvalidInputError, one line per problem on standard error. Throws any other
 * error again.
 */
export function exitIfMisconfigured(error: unknown): never {
  if (!(error instanceof InvalidInputError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(EX_CONFIG);
}

/**
 * Calls {@link loadConfig} and ends the process as {@link exitIfMisconfigured} does. From then on, new files of this process and its
 * children are private to their owner.
 */
export function loadConfigOrExit(): Config {
  process.umask(PRIVATE_UMASK);
  try {
    return loadConfig();
  } catch (error) {
    return exitIfMisconfigured(error);
  }
}
