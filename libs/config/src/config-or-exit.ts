import { InvalidInputError } from '#domain';
import { type Config, loadConfig } from './config.js';

/** The exit code of a program that was told nonsense, sysexits(3): whoever starts it again unchanged gets it again. */
export const EX_CONFIG = 78;

/** Ends a program that was told nonsense: one line per problem on standard error, and {@link EX_CONFIG}. Other errors are thrown on. */
export function exitIfMisconfigured(error: unknown): never {
  if (!(error instanceof InvalidInputError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(EX_CONFIG);
}

/** {@link loadConfig} for a program's first line; ends as {@link exitIfMisconfigured} does. */
export function loadConfigOrExit(): Config {
  try {
    return loadConfig();
  } catch (error) {
    return exitIfMisconfigured(error);
  }
}
