import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { WidgetFiles } from './pack-widget.js';

/** The folder with the project's package.json, for compiled code and for sources. */
export function findProjectFolder(folder: string = import.meta.dirname): string {
  const parent = dirname(folder);
  return existsSync(join(folder, 'package.json')) || parent === folder ? folder : findProjectFolder(parent);
}

/** Where the build puts the files of the widget. */
export const widgetFilesFolder = (): string => join(findProjectFolder(), 'dist', 'widget', 'files');

/** Reads the files that the build made. Throws an error of the file system when there are none. */
export async function readWidgetFiles(folder: string = widgetFilesFolder()): Promise<WidgetFiles> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const toName = (path: string) => relative(folder, path).split(sep).join('/');
  return Object.fromEntries(await Promise.all(paths.map(async (path) => [toName(path), await readFile(path)] as const)));
}
