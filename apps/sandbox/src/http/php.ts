/** Encodes one key or value as PHP's `http_build_query` does (reference kommo 5.2). A space becomes `+`; brackets and parentheses are escaped. */
export function phpUrlEncode(text: string): string {
  return encodeURIComponent(withoutLoneSurrogates(text))
    .replace(/[!'()*~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

function withoutLoneSurrogates(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}

/** A value that `http_build_query` can encode. */
export type PhpValue = string | number | readonly PhpValue[] | { readonly [key: string]: PhpValue | undefined };

/** Encodes nested arrays and objects as `http_build_query` does, in key order. Omits undefined values. */
export function httpBuildQuery(value: { readonly [key: string]: PhpValue | undefined }): string {
  const pairs: string[] = [];
  for (const [key, child] of Object.entries(value)) appendPairs(pairs, key, child);
  return pairs.join('&');
}

function appendPairs(pairs: string[], key: string, value: PhpValue | undefined): void {
  if (value === undefined) return;
  if (typeof value !== 'object') {
    pairs.push(`${phpUrlEncode(key)}=${phpUrlEncode(String(value))}`);
    return;
  }
  for (const [step, child] of Object.entries(value)) appendPairs(pairs, `${key}[${step}]`, child);
}

/** Encodes JSON as PHP's `json_encode` does: slashes and non-ASCII characters are escaped (reference unisender 11). */
export function phpJson(value: unknown): string {
  return JSON.stringify(value).replace(/[/\u007f-\uffff]/g, (sign) => (sign === '/' ? '\\/' : unicodeEscape(sign)));
}

function unicodeEscape(sign: string): string {
  return `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
