const MASK = '***';
const MAX_TEXT_LENGTH = 4_000;

/** All start at a boundary, so that each character is looked at once and a hostile text costs no more than another. */
const URL_CREDENTIALS = /\/\/[^\s/@]{0,500}@/g;
const JWT = /(?<![\w-])eyJ[\w-]{8,}(\.[\w-]*)*/g;
const AUTHORIZATION = /\b(Bearer|Basic)\s+[\w.~+/=-]+/gi;
const WEBHOOK_TOKEN = /(\/webhook\/)[^\s/?#"'&\\]+/gi;
const NAMED_SECRET =
  /(?<![\w-])([\w-]{0,64}?(?:secret|token|password|passwd|api[_-]?key|authorization|signature|cookie)[\w-]{0,64}|(?:[\w-]{1,64}[_-])?key)((?:\\?["'])?(?:\s*[=:]\s*|%3D)(?:\\?["'])?)(?:Bearer\s+|Basic\s+)?[^\s&"'\\,;}\]]+/gi;
const NAMED_PARAMETER = /(?<![\w-])(code|state|auth)(=|%3D)(?!\d{1,6}(?![\w-]))[^\s&"'\\,;}\]]+/gi;
const LONG_TOKEN = /(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{40,}/g;
const REFRESH_TOKEN = /def50[0-9a-f]{6,}/gi;
const EMAIL = /(?!\*\*\*@)(?<![^\s@<>()[\]{}"',;:=&/?\\|])[^\s@<>()[\]{}"',;:=&/?\\|]+?(?:@|%40)[^\s@<>()[\]{}"',;:=&/?\\|%]+/gu;
/** Without any of these no pattern above or below can match: most texts are cleared by this one look. */
const SUSPICIOUS = /[@=:%/]|[^\u0020-\u007e\u00a0-\u1fff\u2030-\u205f\u2070-\uffff]|eyJ|def50|bearer|basic|[\w-]{40}/i;
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const escape = (character: string) => shortEscapes[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

const firstOf = (text: string) => String.fromCodePoint(text.codePointAt(0) ?? 0x2a);

/** `ivan@example.com` → `i***@e***.com`: enough to recognise an address that one knows, too little to learn it. */
export function maskEmail(email: string): string {
  const [local = '', domain = ''] = email.split(/@|%40(?=[^%]*$)/);
  if (local === '' || domain === '') return MASK;
  const lastDot = domain.lastIndexOf('.');
  return `${firstOf(local)}${MASK}@${firstOf(domain)}${MASK}${lastDot > 0 ? domain.slice(lastDot) : ''}`;
}

const hideEmails = (text: string) => (text.includes('@') || text.includes('%40') ? text.replace(EMAIL, maskEmail) : text);

function hideSecrets(text: string): string {
  return text
    .replace(URL_CREDENTIALS, `//${MASK}@`)
    .replace(NAMED_SECRET, `$1$2${MASK}`)
    .replace(NAMED_PARAMETER, `$1$2${MASK}`)
    .replace(AUTHORIZATION, `$1 ${MASK}`)
    .replace(JWT, MASK)
    .replace(WEBHOOK_TOKEN, `$1${MASK}`)
    .replace(REFRESH_TOKEN, MASK)
    .replace(LONG_TOKEN, MASK);
}

/**
 * A text as it may be logged: e-mail addresses, tokens, keys and whatever else is known to be secret are hidden, control
 * characters are written as escapes (one record stays one line), and what exceeds 4,000 characters is cut.
 */
export function maskText(text: string): string {
  const kept = text.length > MAX_TEXT_LENGTH ? text.slice(0, MAX_TEXT_LENGTH) : text;
  const masked = SUSPICIOUS.test(kept) ? hideEmails(hideSecrets(kept)).replace(UNPRINTABLE, escape) : kept;
  return kept === text ? masked : `${masked}… (${text.length - kept.length} more)`;
}
