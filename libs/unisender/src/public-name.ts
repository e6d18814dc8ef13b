const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;
const TOP_LEVEL = /^([a-z]{2,63}|xn--[a-z0-9-]{1,59})$/;
/** Reserved names and names that companies use inside their networks (RFC 6761, RFC 6762, RFC 8375, ICANN's list of collisions). */
const PRIVATE_TOP_LEVELS: ReadonlySet<string> = new Set(
  'arpa corp home internal intranet invalid lan local localdomain localhost mail onion private test'.split(' '),
);

/**
 * Whether a host name, as `URL` gives it, is a public domain name by its form: no IP address, no single label, no name of a private
 * network, no dot at the end. What it resolves to is not checked.
 */
export function isPublicName(hostname: string): boolean {
  const labels = hostname.split('.');
  const topLevel = labels.at(-1) ?? '';
  if (labels.length < 2 || !labels.every((label) => LABEL.test(label))) return false;
  return TOP_LEVEL.test(topLevel) && !PRIVATE_TOP_LEVELS.has(topLevel);
}
