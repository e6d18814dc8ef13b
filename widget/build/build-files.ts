import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WidgetFiles } from '#widget';
import { bundleScript } from './bundle-script.js';
import { drawLogos } from './logos.js';

const readFolder = async (folder: string, name: string): Promise<WidgetFiles> => {
  const names = await readdir(join(folder, name));
  return Object.fromEntries(
    await Promise.all(names.map(async (file) => [`${name}/${file}`, await readFile(join(folder, name, file))] as const)),
  );
};

/** Builds the files of the archive from the sources of the widget. The script has a mark where the URL of the service belongs. */
export async function buildWidgetFiles(folder: string): Promise<WidgetFiles> {
  return {
    'manifest.json': await readFile(join(folder, 'manifest.json')),
    'script.js': Buffer.from(await bundleScript(folder)),
    'style.css': await readFile(join(folder, 'style.css')),
    ...(await readFolder(folder, 'i18n')),
    ...(await readFolder(folder, 'templates')),
    ...drawLogos(),
  };
}
