/** Why an address is stored but not pushed. `kind_not_selected`: the settings leave its kind out; it may be valid. */
export type InvalidAddressReason =
  'empty' | 'too_long' | 'no_at_sign' | 'several_at_signs' | 'bad_local_part' | 'bad_domain' | 'domain_without_dot' | 'kind_not_selected';

/** An e-mail address of Kommo in the form in which the service stores and compares it. */
export interface ParsedAddress {
  /** Trimmed and lower-cased; `+tag` is kept. At most 320 characters, also when invalid. */
  readonly email: string;
  readonly invalidReason: InvalidAddressReason | null;
}

const MAX_EMAIL_LENGTH = 254;
const MAX_LOCAL_LENGTH = 64;
const MAX_KEPT_LENGTH = 320;
/** NFC makes one character of at most four. A longer text stays too long, and `normalize` needs quadratic time for combining marks. */
const MAX_RAW_LENGTH = 4 * MAX_EMAIL_LENGTH;
const LOCAL_PART = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const DOMAIN_LABEL = /^[\p{L}\p{N}]([\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?$/u;

function domainProblem(domain: string): InvalidAddressReason | null {
  const labels = domain.split('.');
  if (labels.some((label) => !DOMAIN_LABEL.test(label))) return 'bad_domain';
  if (labels.length < 2) return 'domain_without_dot';
  return /^\d+$/.test(labels.at(-1) ?? '') ? 'bad_domain' : null;
}

function problemOf(email: string): InvalidAddressReason | null {
  if (email === '') return 'empty';
  if (email.length > MAX_EMAIL_LENGTH) return 'too_long';
  const [local, domain, ...rest] = email.split('@');
  if (local === undefined || domain === undefined) return 'no_at_sign';
  if (rest.length > 0) return 'several_at_signs';
  if (local.length > MAX_LOCAL_LENGTH || !LOCAL_PART.test(local)) return 'bad_local_part';
  return domainProblem(domain);
}

/**
 * Reads one EMAIL value. Kommo validates nothing: a real webhook carries "444" (reference/kommo.md 4.2).
 * Never throws: an invalid address is returned with its reason.
 */
export function parseAddress(raw: string): ParsedAddress {
  const trimmed = raw.trim();
  const isReadable = trimmed.length <= MAX_RAW_LENGTH;
  const email = (isReadable ? trimmed : trimmed.slice(0, MAX_KEPT_LENGTH)).normalize('NFC').toLowerCase();
  if (!isReadable) return { email: email.slice(0, MAX_KEPT_LENGTH), invalidReason: 'too_long' };
  return { email: email.slice(0, MAX_KEPT_LENGTH), invalidReason: problemOf(email) };
}
