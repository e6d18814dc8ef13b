import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { transformSync } from '@swc/core';

const repository = join(import.meta.dirname, '../../..');
const PROCESSES = 6;
const SCRIPT = `
import { ensureLocalSecrets } from '#secrets';
const { encryptionKey, operatorToken } = ensureLocalSecrets(process.argv[2]);
console.log(encryptionKey.secret.reveal(), operatorToken.secret.reveal());
`;

let folder: string;

const isSource = (path: string) => path.endsWith('.ts') && !path.endsWith('.spec.ts');

function compile(lib: string): void {
  const source = join(repository, 'libs', lib, 'src');
  for (const path of readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(isSource)) {
    const output = join(folder, lib, path.replace(/\.ts$/, '.js'));
    const { code } = transformSync(readFileSync(join(source, path), 'utf8'), {
      jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
      module: { type: 'es6' },
    });
    mkdirSync(dirname(output), { recursive: true });
    writeFileSync(output, code);
  }
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'local-secrets-'));
  const imports = { '#domain': './domain/index.js', '#secrets': './secrets/index.js' };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', imports }));
  writeFileSync(join(folder, 'script.js'), SCRIPT);
  for (const lib of ['domain', 'secrets']) compile(lib);
});
afterAll(() => rmSync(folder, { recursive: true }));

const secretsOf = (dataDir: string) =>
  text(spawn(process.execPath, ['script.js', dataDir], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] }).stdout);

describe('processes that start at the same time', () => {
  it('get the same local secrets', async () => {
    for (const attempt of ['first', 'second', 'third']) {
      const dataDir = join(folder, attempt);
      const printed = await Promise.all(Array.from({ length: PROCESSES }, () => secretsOf(dataDir)));
      expect(printed[0]).toMatch(/^\S{44} \S{43}\n$/);
      expect(new Set(printed).size).toBe(1);
      expect(readdirSync(dataDir).sort()).toEqual(['encryption.key', 'operator.token']);
    }
  });
});
