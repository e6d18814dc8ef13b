const syntax = /^[^\s@<>()[\]\\,;:"]{1,64}@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+[\p{L}\p{N}-]{2,63}$/u;
const roles = new Set(['info', 'sales', 'no-reply', 'noreply', 'all', 'postmaster', 'abuse', 'webmaster', 'hostmaster', 'mailer-daemon']);

/** True for an address that Unisender accepts. */
export function isAddress(email: string): boolean {
  return email.length <= 254 && syntax.test(email) && !email.includes('..') && !email.startsWith('.') && !email.includes('.@');
}

/** True when all characters are printable ASCII. */
export function isAscii(email: string): boolean {
  return !/[^\x20-\x7e]/.test(email);
}

/** True for role and technical addresses, which an import refuses (reference unisender 4.3). */
export function isRoleAddress(email: string): boolean {
  return roles.has(email.slice(0, email.indexOf('@')).toLowerCase());
}
