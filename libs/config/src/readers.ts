import { isIP } from 'node:net';
import { CronTime } from 'cron';
import { findUrl, InvalidInputError, Secret } from '#domain';

/** Parses the text of a variable. Throws InvalidInputError with a message that continues the variable's name ("must be …"). */
export type Reader<T> = (text: string) => T;

const DOMAIN = /^(?!-)[a-z0-9-]+(\.[a-z0-9-]+)+$/;
const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;
const PROXY_NAMES = ['loopback', 'linklocal', 'uniquelocal'];
const MIN_TOKEN_LENGTH = 16;

const refuse = (problem: string, cause?: unknown): never => {
  throw new InvalidInputError(problem, { cause });
};

const splitList = (text: string) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

/** Returns the text unchanged. */
export const readText: Reader<string> = (text) => text;

/** Reads a text that no output may show. */
export const readSecret: Reader<Secret> = (text) => Secret.of(text);

/** Reads a token for a request header: printable ASCII without blanks, at least 16 characters. */
export const readToken: Reader<Secret> = (text) =>
  /^[\x21-\x7e]+$/.test(text) && text.length >= MIN_TOKEN_LENGTH
    ? Secret.of(text)
    : refuse(`must have at least ${MIN_TOKEN_LENGTH} characters, printable ASCII without blanks`);

/** Reads secrets separated by commas. An empty text gives an empty list. */
export const readSecretList: Reader<readonly Secret[]> = (text) => splitList(text).map((item) => Secret.of(item));

/** Reads a whole number from `min` to `max`. */
export const readInteger =
  (min: number, max: number): Reader<number> =>
  (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? value : refuse(`must be a whole number from ${min} to ${max}`);
  };

/** Reads 1 or 0. */
export const readFlag: Reader<boolean> = (text) => (text === '1' || text === '0' ? text === '1' : refuse('must be 0 or 1'));

/** Reads one of the allowed words; case matters. */
export const readOneOf =
  <T extends string>(...allowed: readonly T[]): Reader<T> =>
  (text) =>
    allowed.find((item) => item === text) ?? refuse(`must be one of ${allowed.join(', ')}`);

/** Reads an http(s) URL without query, fragment or credentials. Removes slashes at the end. */
export const readHttpUrl: Reader<string> = (text) => {
  const url = findUrl(text);
  if (!url || !/^https?:$/.test(url.protocol)) return refuse('must be an http:// or https:// URL');
  if (url.search || url.hash || url.username || url.password) return refuse('must be a URL without ?, # and credentials');
  return url.href.replace(/\/+$/, '');
};

/** Reads any http(s) URL as a secret. */
export const readSecretUrl: Reader<Secret> = (text) =>
  /^https?:$/.test(findUrl(text)?.protocol ?? '') ? Secret.of(text) : refuse('must be an http:// or https:// URL');

/** Reads an origin: scheme, host and port of an http(s) URL without a path. */
export const readOrigin: Reader<string> = (text) => {
  const href = readHttpUrl(text);
  return findUrl(href)?.origin === href ? href : refuse('must be an origin without a path: http://localhost:8090');
};

/** Reads domain names separated by commas. Each must have a dot: a top-level domain would allow every host under it. */
export const readDomains: Reader<readonly string[]> = (text) => {
  const domains = splitList(text.toLowerCase());
  const isValid = domains.length > 0 && domains.every((domain) => DOMAIN.test(domain));
  return isValid ? domains : refuse('must be domain names separated by commas: kommo.com,amocrm.com');
};

/** Reads single labels of host names separated by commas. An empty text gives an empty list. */
export const readLabels: Reader<readonly string[]> = (text) => {
  const labels = splitList(text.toLowerCase());
  return labels.every((label) => LABEL.test(label)) ? labels : refuse('must be labels of host names separated by commas: www,support');
};

/** Reads a cron expression of five fields, or of six with seconds first. */
export const readCron: Reader<string> = (text) => {
  const fields = text.split(/\s+/).length;
  if (fields !== 5 && fields !== 6) return refuse('must be a cron expression of 5 fields, or 6 with seconds first');
  try {
    // Without an offset it would ask for the time zone of the system: that loads Intl, 8 MiB in a process that needs no time zones.
    new CronTime(text, null, 0);
    return text;
  } catch (error) {
    return refuse('must be a cron expression of 5 fields, or 6 with seconds first', error);
  }
};

const isProxy = (item: string) => {
  const [address = '', bits, ...rest] = item.split('/');
  const max = isIP(address) === 6 ? 128 : 32;
  const isRange = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= max);
  return PROXY_NAMES.includes(item) || (isIP(address) !== 0 && isRange && rest.length === 0);
};

/** Reads which proxies may name the client IP: none, all, a number of hops, or IPs and networks separated by commas. */
export const readTrustProxy: Reader<boolean | number | readonly string[]> = (text) => {
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^\d{1,2}$/.test(text)) return Number(text) === 0 ? false : Number(text);
  const proxies = splitList(text);
  const isValid = proxies.length > 0 && proxies.every(isProxy);
  return isValid ? proxies : refuse('must be true, false, a number of hops, or IPs and networks separated by commas');
};
