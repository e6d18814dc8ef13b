import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { keepFilesPrivate } from './private-files.js';

let folder: string;
let umask: number;

beforeEach(() => {
  umask = process.umask(0o022);
  folder = mkdtempSync(join(tmpdir(), 'files-'));
});

afterEach(() => {
  process.umask(umask);
  rmSync(folder, { recursive: true, force: true });
});

const write = (...parts: string[]): string => {
  const path = join(folder, ...parts);
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o755 });
  writeFileSync(path, 'x');
  chmodSync(path, 0o644);
  return path;
};
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

it('S18: takes the files of the service away from other users, also those that exist', () => {
  const dataDir = join(folder, 'data');
  const inside = ['sync.sqlite-journal', 'operator.token', 'queue/binlog.1', 'logs/2026-11-27/api.log'].map((name) => write('data', name));
  const database = write('elsewhere', 'sync.sqlite');
  const beside = ['-wal', '-shm'].map((end) => write('elsewhere', `sync.sqlite${end}`));
  const log = write('log', '2026-11-27', 'worker.log');
  const foreign = write('foreign', 'file');
  symlinkSync(foreign, join(dataDir, 'link'));
  chmodSync(dataDir, 0o755);
  const files = { dataDir, database: { kind: 'sqlite', path: database }, logsFolderPath: join(folder, 'log') } as const;
  expect(keepFilesPrivate(files)).toEqual([]);
  for (const path of [...inside, database, ...beside, log]) expect([path, modeOf(path)]).toEqual([path, '600']);
  for (const path of [dataDir, join(dataDir, 'queue'), join(folder, 'log', '2026-11-27')])
    expect([path, modeOf(path)]).toEqual([path, '700']);
  expect(modeOf(foreign)).toBe('644');
  const later = join(dataDir, 'later');
  writeFileSync(later, 'x');
  expect(modeOf(later)).toBe('600');
});

it('S18: does nothing about a DATA_DIR that does not exist', () => {
  const database = { kind: 'sqlite', path: ':memory:' } as const;
  expect(keepFilesPrivate({ dataDir: join(folder, 'none'), database, logsFolderPath: undefined })).toEqual([]);
});
