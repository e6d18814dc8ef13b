import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Swagger UI sets styles from its script, and shows its icons as data URLs. Everything comes from this service. */
export const viewerPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export const viewerPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>API of the Kommo to Unisender contact sync</title>
<link rel="stylesheet" href="/docs/swagger-ui.css"><link rel="icon" href="/docs/favicon-32x32.png">
</head>
<body>
<main id="viewer"></main>
<noscript><p>This page needs JavaScript. The document is at <a href="/docs/json">/docs/json</a>.</p></noscript>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

const START = "SwaggerUIBundle({ url: '/docs/json', dom_id: '#viewer', deepLinking: true, docExpansion: 'none', validatorUrl: null });\n";

/** A file of the viewer. */
export interface ViewerFile {
  readonly type: string;
  readonly content: Buffer;
}

const SCRIPT = 'text/javascript; charset=utf-8';

/** The only files of the package swagger-ui-dist that are served. */
const types: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': SCRIPT,
  'favicon-32x32.png': 'image/png',
};

/** Reads a file that the page names. Undefined for any other name. */
export async function findViewerFile(name: string): Promise<ViewerFile | undefined> {
  if (name === 'start.js') return { type: SCRIPT, content: Buffer.from(START) };
  const type = Object.hasOwn(types, name) ? types[name] : undefined;
  if (type === undefined) return undefined;
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  return { type, content: await readFile(join(folder, name)) };
}
