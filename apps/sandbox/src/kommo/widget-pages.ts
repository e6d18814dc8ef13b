import { findProjectFolder } from '#config';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { unzipSync } from 'fflate';

import { type HttpResponse, type IncomingCall, textResponse } from '../http/message.js';

/** The libraries of Kommo's pages, from the development packages. */
const LIBRARIES: Readonly<Record<string, string>> = {
  'jquery.js': 'jquery/dist/jquery.js',
  'require.js': 'requirejs/require.js',
  'twig.js': 'twig/twig.min.js',
  'underscore.js': 'underscore/underscore-umd.js',
};
const PAGES = new Set(['widget-host.css', 'widget-host.js']);

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json; charset=utf-8',
  png: 'image/png',
  twig: 'text/plain; charset=utf-8',
};

const fileResponse = (name: string, body: Uint8Array): HttpResponse => ({
  status: 200,
  headers: { 'content-type': TYPES[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream' },
  body: Buffer.from(body),
});

const readPage = (name: string): Buffer => readFileSync(join(findProjectFolder(), 'apps', 'sandbox', 'pages', name));

const NEEDS_SOURCES = 'The page of widgets needs the sources and the development packages: run the sandbox from a clone after "npm ci".';

/** The file; 404 in an installation without it, for example in the image. */
function respondWithFile(name: string, read: () => Buffer): HttpResponse {
  try {
    return fileResponse(name, read());
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'MODULE_NOT_FOUND') return textResponse(NEEDS_SOURCES, 404);
    throw error;
  }
}

const { resolve: resolvePackage } = createRequire(import.meta.url);

/** The page of Kommo in which administrators set up widgets, and the files of uploaded widgets (reference kommo 6). */
export class WidgetPages {
  /** The files of the uploaded archives by the code of their widget. */
  private readonly widgets = new Map<string, Readonly<Record<string, Uint8Array>>>();

  /** Stores an archive under a code, as its upload in the settings of an integration does. Throws an error for a bad archive. */
  upload(code: string, archive: Uint8Array): string[] {
    const files = unzipSync(archive);
    this.widgets.set(code, files);
    return Object.keys(files);
  }

  /** Responds to a call of a browser; undefined for any other path. */
  handle({ method, path }: IncomingCall): HttpResponse | undefined {
    if (method !== 'GET') return undefined;
    if (path === '/settings/widgets/') return respondWithFile('widget-host.html', () => readPage('widget-host.html'));
    const [, folder, name = '', ...rest] = path.split('/');
    if (folder === 'frontend') return this.findPart(name);
    return folder === 'upl' ? this.findFile(name, rest.slice(1).join('/')) : undefined;
  }

  private findPart(name: string): HttpResponse | undefined {
    if (PAGES.has(name)) return respondWithFile(name, () => readPage(name));
    const library = LIBRARIES[name];
    return library === undefined ? undefined : respondWithFile(name, () => readFileSync(resolvePackage(library)));
  }

  private findFile(code: string, name: string): HttpResponse | undefined {
    const file = this.widgets.get(code)?.[name];
    return file && fileResponse(name, file);
  }
}
