import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { findProjectFolder } from '#config';
import type { WidgetFiles } from './pack-widget.js';

/** Where the build puts the files of the widget. */
export const widgetFilesFolder = (): string => join(findProjectFolder(), 'dist', 'widget', 'files');

/** Reads the files that the build made. Throws an error of the file system when there are none. */
export async function readWidgetFiles(folder: string = widgetFilesFolder()): Promise<WidgetFiles> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const toName = (path: string) => relative(folder, path).split(sep).join('/');
  return Object.fromEntries(await Promise.all(paths.map(async (path) => [toName(path), await readFile(path)] as const)));
}
