import { findProjectFolder } from '#config';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Injectable } from '@nestjs/common';
import { InvalidInputError } from '#domain';

const compress = promisify(gzip);

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** A file of the console. */
export interface ConsoleFile {
  readonly type: string;
  readonly content: Buffer;
  readonly compressed: Buffer;
}

/** Where the build puts the console. */
const consoleFolder = (): string => join(findProjectFolder(), 'dist', 'console');

async function readConsole(folder: string): Promise<ReadonlyMap<string, ConsoleFile>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const read = entries
    .filter((entry) => entry.isFile() && extname(entry.name) in contentTypes)
    .map(async ({ parentPath, name }) => {
      const content = await readFile(join(parentPath, name));
      const file: ConsoleFile = { type: contentTypes[extname(name)] ?? '', content, compressed: await compress(content, { level: 9 }) };
      return [relative(folder, join(parentPath, name)).split(sep).join('/'), file] as const;
    });
  return new Map(await Promise.all(read));
}

/** The files of the built console, read once. A request names a file of this map and never a path. */
@Injectable()
export class ConsoleFiles {
  private files: Promise<ReadonlyMap<string, ConsoleFile>> | undefined;

  /** Returns a file. Throws InvalidInputError `not_found` for an unknown name and while the console is not built. */
  async get(name: string): Promise<ConsoleFile> {
    const file = (await this.read()).get(name);
    if (file) return file;
    throw new InvalidInputError('Unknown file of the console', { code: 'not_found' });
  }

  private async read(): Promise<ReadonlyMap<string, ConsoleFile>> {
    this.files ??= readConsole(consoleFolder());
    try {
      return await this.files;
    } catch (cause) {
      this.files = undefined;
      throw new InvalidInputError('The console is not built: run npm run build', { code: 'not_found', cause });
    }
  }
}
