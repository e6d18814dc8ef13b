import { ServiceError, errorRuleOf, hasErrorCode } from '#domain';

/** The exit codes of every command, as in sysexits(3). */
export const exitCodes = {
  done: 0,
  /** Failed or cancelled, or a finding of `doctor`. */
  failed: 1,
  /** A run waits for a confirmation. */
  waiting: 3,
  usage: 64,
  /** The database, the queue or a vendor is unavailable. */
  unavailable: 69,
  /** A vendor, or the state of an account, refuses it. */
  refused: 77,
  configuration: 78,
  /** Ctrl-C ended the waiting: 128 + SIGINT. */
  interrupted: 130,
} as const;

const configurationCodes = [
  'bad_configuration',
  'wrong_encryption_key',
  'bad_encryption_key',
  'encryption_key_unknown',
  'data_dir_held',
] as const;

/** What a wrong argument of a command causes. */
const usageStatuses: readonly number[] = [400, 404];

const isFromVendor = ({ code }: ServiceError): boolean => /^(kommo|unisender)_/.test(code);

/** The exit code for an error. */
export function exitCodeOf(error: ServiceError): number {
  if (hasErrorCode(error, ...configurationCodes)) return exitCodes.configuration;
  if (error.kind === 'transient' || hasErrorCode(error, 'rate_limited')) return exitCodes.unavailable;
  if (error.kind === 'bug') return exitCodes.failed;
  if (hasErrorCode(error, 'account_unknown')) return exitCodes.usage;
  if (error.kind === 'blocked' || isFromVendor(error)) return exitCodes.refused;
  return usageStatuses.includes(errorRuleOf(error.code).httpStatus) ? exitCodes.usage : exitCodes.refused;
}
