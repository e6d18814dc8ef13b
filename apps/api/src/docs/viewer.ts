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
<link rel="stylesheet" href="/docs/swagger-ui.css"><link rel="stylesheet" href="/docs/contrast.css"><link rel="icon" href="/docs/favicon-32x32.png">
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

/** Colours of Swagger UI that have too little contrast. */
const CONTRAST = `.swagger-ui .info .title small { background: #4a5160; }
.swagger-ui .info .title small.version-stamp { background: #3a6200; }
.swagger-ui .info a, .swagger-ui .info a .url { color: #1a56b0; }
.swagger-ui .btn.authorize { border-color: #17693f; color: #17693f; }
`;

/** A file of the viewer. */
export interface ViewerFile {
  readonly type: string;
  readonly content: Buffer;
}

const SCRIPT = 'text/javascript; charset=utf-8';
const STYLE = 'text/css; charset=utf-8';

/** The only files of the package swagger-ui-dist that are served. */
const types: Readonly<Record<string, string>> = {
  'swagger-ui.css': STYLE,
  'swagger-ui-bundle.js': SCRIPT,
  'favicon-32x32.png': 'image/png',
};

/** Reads a file that the page names. Undefined for any other name. */
export async function findViewerFile(name: string): Promise<ViewerFile | undefined> {
  if (name === 'start.js') return { type: SCRIPT, content: Buffer.from(START) };
  if (name === 'contrast.css') return { type: STYLE, content: Buffer.from(CONTRAST) };
  const type = Object.hasOwn(types, name) ? types[name] : undefined;
  if (type === undefined) return undefined;
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  return { type, content: await readFile(join(folder, name)) };
}
