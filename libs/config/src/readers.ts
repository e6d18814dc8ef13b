import { isIP } from 'node:net';
import { validateCronExpression } from 'cron';
import { InvalidInputError, Secret } from '#domain';
import { parseUrl } from './parse-url.js';

/** Makes a value of a variable's text; throws InvalidInputError whose message follows the variable's name ("must be …"). */
export type Reader<T> = (text: string) => T;

const DOMAIN = /^(?!-)[a-z0-9-]+(\.[a-z0-9-]+)+$/;
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

/** The text as it is. */
export const readText: Reader<string> = (text) => text;

/** A text that is not to be shown. */
export const readSecret: Reader<Secret> = (text) => Secret.of(text);

/** Part of a request header: printable, without blanks, too long to be guessed. */
export const readToken: Reader<Secret> = (text) =>
  /^[\x21-\x7e]+$/.test(text) && text.length >= MIN_TOKEN_LENGTH
    ? Secret.of(text)
    : refuse(`must have at least ${MIN_TOKEN_LENGTH} characters, printable ASCII without blanks`);

/** Secrets separated by commas; none from an empty text. */
export const readSecretList: Reader<readonly Secret[]> = (text) => splitList(text).map((item) => Secret.of(item));

/** A whole number from `min` to `max`. */
export const readInteger =
  (min: number, max: number): Reader<number> =>
  (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? value : refuse(`must be a whole number from ${min} to ${max}`);
  };

/** One of the words, spelt exactly so. */
export const readOneOf =
  <T extends string>(...allowed: readonly T[]): Reader<T> =>
  (text) =>
    allowed.find((item) => item === text) ?? refuse(`must be one of ${allowed.join(', ')}`);

/** An http(s) URL without query, fragment or credentials; kept without a slash at its end. */
export const readHttpUrl: Reader<string> = (text) => {
  const url = parseUrl(text);
  if (!url || !/^https?:$/.test(url.protocol)) return refuse('must be an http:// or https:// URL');
  if (url.search || url.hash || url.username || url.password) return refuse('must be a URL without ?, # and credentials');
  return url.href.replace(/\/+$/, '');
};

/** An http(s) URL that may carry anything and is not to be shown. */
export const readSecretUrl: Reader<Secret> = (text) =>
  /^https?:$/.test(parseUrl(text)?.protocol ?? '') ? Secret.of(text) : refuse('must be an http:// or https:// URL');

/** Scheme, host and port of an http(s) URL, nothing after. */
export const readOrigin: Reader<string> = (text) => {
  const href = readHttpUrl(text);
  return parseUrl(href)?.origin === href ? href : refuse('must be an origin without a path: http://localhost:8090');
};

/** Domains under which a vendor's hosts may be: each with a dot, so that no whole top-level domain is ever allowed. */
export const readDomains: Reader<readonly string[]> = (text) => {
  const domains = splitList(text.toLowerCase());
  const isValid = domains.length > 0 && domains.every((domain) => DOMAIN.test(domain));
  return isValid ? domains : refuse('must be domain names separated by commas: kommo.com,amocrm.com');
};

/** Five fields, or six with seconds first. */
export const readCron: Reader<string> = (text) => {
  const fields = text.split(/\s+/).length;
  if (fields !== 5 && fields !== 6) return refuse('must be a cron expression of 5 fields, or 6 with seconds first');
  const { valid, error } = validateCronExpression(text);
  return valid ? text : refuse('must be a cron expression of 5 fields, or 6 with seconds first', error);
};

const isProxy = (item: string) => {
  const [address = '', bits, ...rest] = item.split('/');
  const max = isIP(address) === 6 ? 128 : 32;
  const isRange = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= max);
  return PROXY_NAMES.includes(item) || (isIP(address) !== 0 && isRange && rest.length === 0);
};

/** Whom to believe about a caller's address: nobody, everybody, so many hops, or these addresses and networks. */
export const readTrustProxy: Reader<boolean | number | readonly string[]> = (text) => {
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^\d{1,2}$/.test(text)) return Number(text) === 0 ? false : Number(text);
  const proxies = splitList(text);
  const isValid = proxies.length > 0 && proxies.every(isProxy);
  return isValid ? proxies : refuse('must be true, false, a number of hops, or addresses and networks separated by commas');
};
