/** What the log shows in place of a secret. */
export const MASK = '***';
const MAX_TEXT_LENGTH = 4_000;

/** Each pattern starts at a boundary, so that a hostile text takes no longer than another. */
const URL_CREDENTIALS = /\/\/[^\s/@]{0,500}@/g;
const JWT = /(?<![\w-])eyJ[\w-]{8,}(\.[\w-]*)*/g;
const AUTHORIZATION = /\b(Bearer|Basic)\s+[\w.~+/=-]+/gi;
const WEBHOOK_TOKEN = /(\/webhook\/)[^\s/?#"'&\\]+/gi;
const NAMED_SECRET =
  /(?<![\w-])([\w-]{0,64}?(?:secret|token|password|passwd|api[_-]?key|authorization|signature|cookie)[\w-]{0,64}|(?:[\w-]{1,64}[_-])?key)((?:\\?["'])?(?:\s*[=:]\s*|%3D)(?:\\?["'])?)(?:Bearer\s+|Basic\s+)?[^\s&"'\\,;}\]]+/gi;
const NAMED_PARAMETER = /(?<![\w-])(code|auth|(?<=[?&])state)(=|%3D)(?!\d{1,6}(?![\w-]))[^\s&"'\\,;}\]]+/gi;
/** Outside a URL `state=running` is the state of a run or job; an OAuth state has other characters than such a word. */
const OAUTH_STATE = /(?<![\w-])(state(?:=|%3D))(?!\d{1,6}(?![\w-])|[a-z]+(?:_[a-z]+)*(?![\w.~%+-]))[^\s&"'\\,;}\]]+/g;
const LONG_TOKEN = /(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{40,}/g;
const REFRESH_TOKEN = /def50[0-9a-f]{6,}/gi;
const EMAIL = /(?!\*\*\*@)(?<![^\s@<>()[\]{}"',;:=&/?\\|])[^\s@<>()[\]{}"',;:=&/?\\|]+?(?:@|%40)[^\s@<>()[\]{}"',;:=&/?\\|%]+/gu;
/** A text without any of these matches no other pattern here. Most texts need only this test. */
const SUSPICIOUS = /[@=:%/]|[^\u0020-\u007e\u00a0-\u1fff\u2030-\u205f\u2070-\uffff]|eyJ|def50|bearer|basic|[\w-]{40}/i;
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const escape = (character: string) => SHORT_ESCAPES[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

const firstCharacterOf = (text: string) => String.fromCodePoint(text.codePointAt(0) ?? 0x2a);

/** Masks an e-mail address: `ivan@example.com` → `i***@e***.com`. A reader who knows the address can recognise it. */
export function maskEmail(email: string): string {
  const [local = '', domain = ''] = email.split(/@|%40(?=[^%]*$)/);
  if (local === '' || domain === '') return MASK;
  const lastDot = domain.lastIndexOf('.');
  return `${firstCharacterOf(local)}${MASK}@${firstCharacterOf(domain)}${MASK}${lastDot > 0 ? domain.slice(lastDot) : ''}`;
}

const hideEmails = (text: string) => (text.includes('@') || text.includes('%40') ? text.replace(EMAIL, maskEmail) : text);

function hideSecrets(text: string): string {
  return text
    .replace(URL_CREDENTIALS, `//${MASK}@`)
    .replace(NAMED_SECRET, `$1$2${MASK}`)
    .replace(NAMED_PARAMETER, `$1$2${MASK}`)
    .replace(OAUTH_STATE, `$1${MASK}`)
    .replace(AUTHORIZATION, `$1 ${MASK}`)
    .replace(JWT, MASK)
    .replace(WEBHOOK_TOKEN, `$1${MASK}`)
    .replace(REFRESH_TOKEN, MASK)
    .replace(LONG_TOKEN, MASK);
}

/**
 * Masks a text for the log: hides e-mail addresses, tokens, keys and other secrets. Control characters become escapes, so that
 * one record stays one line. The text is cut after 4,000 characters.
 */
export function maskText(text: string): string {
  const kept = text.length > MAX_TEXT_LENGTH ? text.slice(0, MAX_TEXT_LENGTH) : text;
  const masked = SUSPICIOUS.test(kept) ? hideEmails(hideSecrets(kept)).replace(UNPRINTABLE, escape) : kept;
  return kept === text ? masked : `${masked}… (${text.length - kept.length} more)`;
}
