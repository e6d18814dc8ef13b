import type { ConsentButton } from '#kommo';
import { escapeHtml, hashSource } from '../http/html.js';

const STYLE = 'body{font:16px/1.5 system-ui,sans-serif;margin:15vh auto;max-width:28rem;padding:0 1rem;text-align:center}';

/**
 * The page's Content-Security-Policy: our style sheet, Kommo's script, and what that script loads from its origin. The script
 * can style its button through the CSS object model.
 */
export const consentPagePolicy = (scriptUrl: string): string => {
  const { origin } = new URL(scriptUrl);
  return `default-src 'none'; script-src ${origin}; style-src ${hashSource(STYLE)} ${origin}; img-src ${origin} data:; font-src ${origin}; connect-src ${origin}; frame-src ${origin}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
};

/** Returns a page with Kommo's button, and a plain link for browsers that do not run scripts. */
export function renderConsentPage(accountId: number, consentUrl: string, { scriptUrl, className, attributes }: ConsentButton): string {
  const written = Object.entries(attributes).map(([name, value]) => `${name}="${escapeHtml(value)}"`);
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Connect Kommo</title><style>${STYLE}</style></head>
<body>
<h1>Connect Kommo</h1>
<p>Allow the access to account ${accountId}, and its contacts will follow into Unisender.</p>
<script class="${escapeHtml(className)}" ${written.join(' ')} src="${escapeHtml(scriptUrl)}"></script>
<p><a href="${escapeHtml(consentUrl)}">Open Kommo's page</a></p>
</body>
</html>
`;
}
