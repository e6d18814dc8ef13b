import { errorRuleOf, InvalidInputError, type Logger, TransientError } from '#domain';
import { type Config, loadConfig } from './config.js';
import { keepFilesPrivate } from './private-files.js';

/** Exit code for a bad configuration, as in sysexits(3). A restart without a change fails again. */
export const EX_CONFIG = 78;
/** Exit code when a server that the start needs does not respond, as in sysexits(3). A restart may succeed. */
const EX_UNAVAILABLE = 69;
const EX_USAGE = 64;

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

/**
 * Ends the process after an error of its start. An ordinary mistake gives one line on standard error and the exit code 78 or 69;
 * any other error is logged with its stack trace and gives 1. Closes the logger first.
 */
export async function exitAfterFailedStart(error: unknown, logger: Logger & { close(): Promise<void> }): Promise<never> {
  const isOrdinary = error instanceof InvalidInputError || error instanceof TransientError;
  if (!isOrdinary) logger.error('start failed', { error });
  await logger.close();
  if (error instanceof InvalidInputError) exitIfMisconfigured(error);
  if (!(error instanceof TransientError)) process.exit(1);
  process.stderr.write(`${error.message}. ${errorRuleOf(error.code).remedy}\n`);
  process.exit(EX_UNAVAILABLE);
}

/** Prints how to start the process and ends it when the command line has arguments: it takes none. */
export function exitIfGivenArguments(command: string, purpose: string): void {
  const args = process.argv.slice(2);
  if (args.length === 0) return;
  const isHelp = args.some((arg) => ['--help', '-h'].includes(arg));
  const stream = isHelp ? process.stdout : process.stderr;
  stream.write(`Usage: ${command}\n${purpose}\nThe settings are variables of the environment or of ./.env; .env.example describes them.\n`);
  process.exit(isHelp ? 0 : EX_USAGE);
}
