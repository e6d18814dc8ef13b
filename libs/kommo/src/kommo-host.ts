import { InvalidInputError } from '#domain';

declare const brand: unique symbol;

/** The host of an account, e.g. `example.kommo.com`: lower case, no port, under an allowed domain. Secrets may be sent to it. */
export type KommoHost = string & { readonly [brand]: 'KommoHost' };

/** A label of a host name has 63 characters at most. `xn--` encodes other letters, and may be no valid name at all. */
const LABEL = /^(?!xn--)[a-z0-9-]{1,63}$/;
const HOST_OR_ORIGIN = /^(?:https?:\/\/)?([^/?#@:\\]+)\/?$/i;
const MAX_LENGTH = 300;
const MAX_URL_LENGTH = 8_192;
/** The host of the consent page, not of an account (reference/kommo.md 1.1). */
const CONSENT_LABEL = 'www';

function hasAllowedForm(host: string, allowedDomains: readonly string[]): boolean {
  const dot = host.indexOf('.');
  const label = host.slice(0, dot);
  return LABEL.test(label) && label !== CONSENT_LABEL && allowedDomains.includes(host.slice(dot + 1));
}

/** Whether the host is Kommo's own, by its first label, and no account's. */
export const hasReservedLabel = (host: KommoHost, reservedLabels: readonly string[]): boolean =>
  reservedLabels.includes(host.slice(0, host.indexOf('.')));

/** Reads a host or an origin; undefined when the host is not `<label>.<allowed domain>`. */
export function findKommoHost(text: string, allowedDomains: readonly string[]): KommoHost | undefined {
  const host = text.length <= MAX_LENGTH ? HOST_OR_ORIGIN.exec(text)?.[1]?.toLowerCase() : undefined;
  return host !== undefined && hasAllowedForm(host, allowedDomains) ? (host as KommoHost) : undefined;
}

/** Which hosts are hosts of accounts. */
export interface AccountHostRules {
  readonly allowedDomains: readonly string[];
  readonly reservedLabels: readonly string[];
}

/**
 * Reads the `Location` of a redirect: the host of another account, by HTTPS and on its usual port. Undefined for anything else, so
 * that no secret is sent there.
 */
export function findRedirectHost(location: string, from: KommoHost, rules: AccountHostRules): KommoHost | undefined {
  const base = `https://${from}`;
  if (location.length > MAX_URL_LENGTH || !URL.canParse(location, base)) return undefined;
  const { protocol, host: target, username, password } = new URL(location, base);
  if (protocol !== 'https:' || username !== '' || password !== '') return undefined;
  const host = findKommoHost(target, rules.allowedDomains);
  return host === undefined || host === from || hasReservedLabel(host, rules.reservedLabels) ? undefined : host;
}

/**
 * Reads the `referer` of an authorisation, the only source of the account's host: a host or an origin (reference/kommo.md 1.3).
 * Throws InvalidInputError with the field `referer` for anything else, so that no secret is sent to it.
 */
export function parseReferer(referer: string, allowedDomains: readonly string[]): KommoHost {
  const host = findKommoHost(referer, allowedDomains);
  if (host !== undefined) return host;
  throw InvalidInputError.ofFields([{ field: 'referer', problem: `must be the host of an account under ${allowedDomains.join(', ')}` }]);
}
