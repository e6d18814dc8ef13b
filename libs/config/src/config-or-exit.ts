import { InvalidInputError } from '#domain';
import { type Config, loadConfig } from './config.js';

/** The exit code of a program that was told nonsense, sysexits(3): whoever starts it again unchanged gets it again. */
export const EX_CONFIG = 78;

/** {@link loadConfig} for a program's first line: one line per problem on standard error, and the end with {@link EX_CONFIG}. */
export function loadConfigOrExit(): Config {
  try {
    return loadConfig();
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EX_CONFIG);
  }
}
