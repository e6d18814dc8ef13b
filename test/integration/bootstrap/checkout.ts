import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

const repository = join(import.meta.dirname, '../../..');

/** Replaces npm. It installs a compiler that copies each .ts as .js, slowly enough for a test to see two at once. */
const NPM = `#!${process.execPath}
const fs = require('node:fs');
fs.appendFileSync('steps.log', 'npm ' + process.argv[2] + '\\n');
if (fs.existsSync('npm-fails')) process.exit(7);
fs.rmSync('node_modules', { recursive: true, force: true });
fs.mkdirSync('node_modules/typescript/bin', { recursive: true });
fs.writeFileSync('node_modules/typescript/package.json', '{}');
fs.writeFileSync('node_modules/typescript/bin/tsc', fs.readFileSync('compiler.cjs'));
setTimeout(() => fs.copyFileSync('package-lock.json', 'node_modules/.package-lock.json'), 100);
`;

const COMPILER = `const fs = require('node:fs');
fs.appendFileSync('steps.log', 'tsc\\n');
if (fs.existsSync('tsc-hangs')) setInterval(() => {}, 1000);
else if (fs.readFileSync('apps/cli/src/main.ts', 'utf8').includes('syntax error')) process.exit(2);
else {
  fs.rmSync('dist/apps', { recursive: true, force: true });
  for (const file of fs.readdirSync('.', { recursive: true }).filter((name) => /^(apps|libs).*[.]ts$/.test(name))) {
    const output = 'dist/' + file.replace(/[.]ts$/, '.js');
    fs.mkdirSync(require('node:path').dirname(output), { recursive: true });
    fs.copyFileSync(file, output);
  }
}
`;

const BUNDLER = `import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { bundledFiles } from '../apps/cli/bin/project.js';
rmSync('dist/bundle', { recursive: true, force: true });
mkdirSync('dist/bundle');
for (const [name, file] of Object.entries(bundledFiles())) if (existsSync(file)) copyFileSync(file, \`dist/bundle/\${name}.js\`);
`;

const LOCK_FILE = {
  packages: { '': {}, 'node_modules/a': { version: '1.0.0' }, 'node_modules/typescript': { version: '6.0.3', dev: true } },
};

/** A started command and what it prints. */
export class Command {
  readonly #process: ChildProcess;
  readonly #closed: Promise<unknown[]>;
  output = '';
  errorOutput = '';

  constructor(process: ChildProcess) {
    this.#process = process;
    this.#closed = once(process, 'close');
    process.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    process.stderr?.on('data', (chunk: Buffer) => (this.errorOutput += chunk.toString()));
  }

  /** Waits until the condition holds. Throws when the command ends first. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      if (this.#process.exitCode !== null || this.#process.signalCode !== null)
        throw new Error(`the command ended: ${this.output}${this.errorOutput}`);
      await setImmediate();
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Waits for the end. Returns the exit code, or the name of the signal that ended it. */
  async waitForEnd(): Promise<unknown> {
    const [code, signal] = await this.#closed;
    return code ?? signal;
  }
}

/** A fresh clone in a temporary folder: the real launcher, invented sources, nothing installed or built. */
export class Checkout {
  readonly folder = mkdtempSync(join(tmpdir(), 'checkout-'));

  /** Copies this clone with its timestamps. */
  copy(): Checkout {
    const copy = new Checkout();
    cpSync(this.folder, copy.folder, { recursive: true, preserveTimestamps: true });
    return copy;
  }

  constructor() {
    cpSync(join(repository, 'apps/cli/bin'), join(this.folder, 'apps/cli/bin'), { recursive: true });
    cpSync(join(repository, 'nest-cli.json'), join(this.folder, 'nest-cli.json'));
    this.write('package.json', '{"type":"module"}');
    this.write('package-lock.json', JSON.stringify(LOCK_FILE));
    this.write('compiler.cjs', COMPILER);
    this.write('.config/bundle.js', BUNDLER);
    this.write('tools/package.json', '{}');
    this.write('tools/npm', NPM, 0o755);
    this.write('apps/cli/src/main.ts', 'console.log(JSON.stringify(process.argv.slice(2)));');
    this.write('apps/cli/src/main.spec.ts', '');
    this.write('apps/api/src/main.ts', "process.on('SIGTERM', () => process.exit(3)); setInterval(() => {}, 1000); console.log('ready');");
    this.write('apps/worker/src/main.ts', "setInterval(() => {}, 1000); console.log('ready');");
    this.write('apps/sandbox/src/main.ts', "throw new Error('it broke');");
    this.write('libs/beanstalkd/src/main.ts', 'process.exit(5);');
  }

  write(path: string, content: string, mode = 0o644): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), content, { mode });
  }

  remove(path: string): void {
    rmSync(join(this.folder, path), { recursive: true, force: true });
  }

  has(path: string): boolean {
    return existsSync(join(this.folder, path));
  }

  read(path: string): string {
    return this.has(path) ? readFileSync(join(this.folder, path), 'utf8') : '';
  }

  /** Returns the installations and builds since the last call, and forgets them. */
  takeSteps(): string[] {
    const steps = this.read('steps.log').split('\n').filter(Boolean);
    this.remove('steps.log');
    return steps;
  }

  start(...args: string[]): Command {
    const env = { ...process.env, PATH: `${join(this.folder, 'tools')}:${process.env['PATH']}` };
    return new Command(
      spawn(process.execPath, ['apps/cli/bin/run.js', ...args], { cwd: this.folder, env, stdio: ['ignore', 'pipe', 'pipe'] }),
    );
  }

  async run(...args: string[]): Promise<{ exit: unknown; output: string; errorOutput: string }> {
    const command = this.start(...args);
    const exit = await command.waitForEnd();
    return { exit, output: command.output, errorOutput: command.errorOutput };
  }
}
