import { parseArgs } from 'node:util';
import type { BeanstalkServerOptions } from './net/beanstalk-server.js';

/** Text of `-h`. Options as in beanstalkd 1.12, without `-u`, `-c` and `-n`. */
export const usage = `Use: npm run beanstalkd -- [OPTIONS]

Options:
 -b DIR   write-ahead log directory
 -f MS    fsync at most once every MS milliseconds (default is 50ms);
          use -f0 for "always fsync"
 -F       never fsync
 -l ADDR  listen on address (default is 0.0.0.0); unix:PATH for a unix socket
 -p PORT  listen on port (default is 11300)
 -z BYTES set the maximum job size in bytes (default is 65535);
          max allowed is 1073741824 bytes
 -s BYTES set the size of each write-ahead log file (default is 10485760);
          will be rounded up to a multiple of 4096 bytes
 -v       show version information
 -V       increase verbosity
 -h       show this help
`;

/** Upper limit of `-z`, in bytes, as in beanstalkd. A larger value is reduced to it. */
export const largestMaxJobBytes = 1_073_741_824;

/** A parsed command line. */
export type Invocation =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'serve'; readonly options: BeanstalkServerOptions; readonly isVerbose: boolean };

/** A flag is unknown or has an invalid value. The message names it. */
export class UsageError extends Error {}

/** Parses beanstalkd's flags (`words`: the arguments behind the program). Missing flags get beanstalkd's defaults. Throws UsageError. */
export function parseFlags(words: readonly string[]): Invocation {
  const flags = readFlags(words);
  if (flags.h) return { kind: 'help' };
  if (flags.v) return { kind: 'version' };
  const options: BeanstalkServerOptions = {
    listen: toAddress(flags.l ?? '0.0.0.0', flags.p),
    binlogDir: flags.b,
    fsyncMs: flags.F ? -1 : toNumber('-f', flags.f, 50),
    maxJobBytes: Math.min(toNumber('-z', flags.z, 65_535), largestMaxJobBytes),
    segmentBytes: toNumber('-s', flags.s, 10_485_760),
  };
  return { kind: 'serve', options, isVerbose: flags.V === true };
}

function readFlags(words: readonly string[]) {
  const text = (short: string) => ({ type: 'string' as const, short });
  const flag = (short: string) => ({ type: 'boolean' as const, short });
  const options = { b: text('b'), f: text('f'), l: text('l'), p: text('p'), s: text('s'), z: text('z') };
  try {
    return parseArgs({ args: [...words], options: { ...options, F: flag('F'), V: flag('V'), v: flag('v'), h: flag('h') } }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function toAddress(address: string, port: string | undefined): BeanstalkServerOptions['listen'] {
  if (address.startsWith('unix:')) return { path: address.slice('unix:'.length) };
  return { host: address, port: toNumber('-p', port, 11_300) };
}

function toNumber(flag: string, text: string | undefined, standard: number): number {
  if (text === undefined) return standard;
  if (!/^\d{1,15}$/.test(text)) throw new UsageError(`${flag} needs a number, not "${text}"`);
  return Number(text);
}
