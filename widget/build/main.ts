import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfigOrExit } from '#config';
import { findProjectFolder } from '#config';
import { packWidget, type WidgetFiles, widgetFilesFolder } from '#widget';
import { buildWidgetFiles } from './build-files.js';
import { checkArchive } from './check-archive.js';

const { values: options } = parseArgs({ options: { url: { type: 'string' }, out: { type: 'string' }, 'files-only': { type: 'boolean' } } });

async function writeFiles(files: WidgetFiles, folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}

/** Packs and checks the archive for the service's URL. Returns the exit code. */
async function writeArchive(files: WidgetFiles, path: string): Promise<number> {
  const url = options.url ?? loadConfigOrExit().publicUrl;
  const archive = packWidget(files, url);
  const problems = checkArchive(archive);
  for (const { rule, place, message } of problems) process.stderr.write(`${place}: ${message} (${rule})\n`);
  if (problems.length > 0) return 1;
  await writeFile(path, archive);
  process.stdout.write(`${path}: ${archive.length} bytes, for ${url}\n`);
  return 0;
}

const folder = join(findProjectFolder(), 'widget');
const files = await buildWidgetFiles(folder);
await writeFiles(files, widgetFilesFolder());
if (!options['files-only']) process.exitCode = await writeArchive(files, options.out ?? join(folder, 'widget.zip'));
