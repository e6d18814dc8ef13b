import { escapeHtml } from '../http/html.js';

/** The policy of the console's page: nothing from other hosts, no inline script. React Aria adds one `<style>` with the nonce. */
export const consolePagePolicy = (nonce: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

/** What the server writes into the page before the sign-in. None of it is secret. */
export interface ConsolePageFacts {
  readonly nonce: string;
  readonly isReadOnly: boolean;
  readonly publicUrl: string;
}

/** Fills the marks of `apps/console/index.html`. */
export function renderConsolePage(html: string, { nonce, isReadOnly, publicUrl }: ConsolePageFacts): string {
  return html
    .replaceAll('%NONCE%', () => nonce)
    .replaceAll('%READ_ONLY%', () => (isReadOnly ? '1' : '0'))
    .replaceAll('%PUBLIC_URL%', () => escapeHtml(publicUrl));
}
