/**
 * Parses an absolute URL, or one relative to `base`; undefined when it is none. Node 20's `URL.canParse` accepts, once it is optimised,
 * some texts beyond ASCII that `new URL` refuses.
 */
export function findUrl(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}
