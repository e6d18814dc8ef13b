import { execFile } from 'node:child_process';
import { cp, copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProjectFolder } from '#config';
import { type NodeVersion, SQLITE_ADDON } from './node-version.js';

interface LockFile {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly devOptional?: boolean; readonly optional?: boolean }>>;
}

/** What docker/Dockerfile says about the image. */
interface ImageDescription {
  /** The version of Node that runs the service. */
  readonly nodeVersion: string;
  /** The variables of every container. */
  readonly environment: Readonly<Record<string, string>>;
  /** The file that Node starts, relative to the working directory. */
  readonly entryPoint: string;
  /** The file behind the command `kommo-sync`, relative to the working directory. */
  readonly command: string;
  readonly copies: readonly { readonly from: readonly string[]; readonly to: string }[];
}

const project = findProjectFolder();

const firstGroup = (text: string, form: RegExp): string => {
  const found = form.exec(text)?.[1];
  if (found === undefined) throw new Error(`docker/Dockerfile has nothing like ${String(form)}`);
  return found;
};

/** Reads docker/Dockerfile. Throws when it has another form than is expected here. */
export async function readImageDescription(): Promise<ImageDescription> {
  const text = await readFile(join(project, 'docker', 'Dockerfile'), 'utf8');
  const stage = text.slice(text.lastIndexOf('\nFROM '));
  const copies = [...stage.matchAll(/^COPY --from=build (.+)$/gm)].map(([, paths = '']) => {
    const words = paths.split(' ');
    return { from: words.slice(0, -1).map((path) => path.replace('/app/', '')), to: words.at(-1) ?? '' };
  });
  return {
    nodeVersion: firstGroup(text, /^ARG NODE_RUNTIME_IMAGE=node:([\d.]+)-/m),
    environment: Object.fromEntries(
      firstGroup(stage, /^ENV (.+)$/m)
        .split(' ')
        .map((pair) => pair.split('=') as [string, string]),
    ),
    entryPoint: firstGroup(stage, /^ENTRYPOINT \["node", "(.+)"\]$/m),
    command: firstGroup(stage, /ln -s \/app\/(\S+) \/usr\/local\/bin\/kommo-sync/),
    copies,
  };
}

/** Copies what `npm prune --omit=dev` leaves of node_modules. */
async function copyProductionPackages(folder: string): Promise<void> {
  const { packages } = JSON.parse(await readFile(join(project, 'node_modules', '.package-lock.json'), 'utf8')) as LockFile;
  const kept = Object.keys(packages).filter((path) => !packages[path]?.dev && !packages[path]?.devOptional);
  await promisify(execFile)('cp', ['-a', '--parents', '-t', folder, 'node_modules/.package-lock.json', ...kept], { cwd: project });
}

/** Fills a folder with exactly the files that the image has below its working directory. */
export async function fillImageFolder(folder: string, { copies }: ImageDescription): Promise<void> {
  for (const { from, to } of copies) {
    for (const path of from) {
      const target = to.endsWith('/') ? join(folder, to, path) : join(folder, to);
      await mkdir(join(target, '..'), { recursive: true });
      await (path === 'node_modules' ? copyProductionPackages(folder) : cp(join(project, path), target, { recursive: true }));
    }
  }
}

/** Replaces the addon of better-sqlite3 by the one for this version of Node. */
export async function useSqliteAddon(folder: string, { sqliteAddon }: NodeVersion): Promise<void> {
  await copyFile(sqliteAddon, join(folder, 'node_modules/better-sqlite3', SQLITE_ADDON));
}
