import { InvalidInputError } from '#domain';
import { type Config, loadConfig } from './config.js';
import { keepFilesPrivate } from './private-files.js';

/** Exit code for a bad configuration, as in sysexits(3). A restart without a change fails again. */
export const EX_CONFIG = 78;

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
 * Calls {@link loadConfig} and makes the files of the service private. Prints a line on standard error for each file that stays readable
 * by others. Throws InvalidInputError `bad_configuration`.
 */
export function loadPrivateConfig(): Config {
  const config = loadConfig();
  for (const problem of keepFilesPrivate(config)) process.stderr.write(`${problem}\n`);
  return config;
}

/** Calls {@link loadPrivateConfig} and ends the process as {@link exitIfMisconfigured} does. */
export function loadConfigOrExit(): Config {
  try {
    return loadPrivateConfig();
  } catch (error) {
    return exitIfMisconfigured(error);
  }
}
