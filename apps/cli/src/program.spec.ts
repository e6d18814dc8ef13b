import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { systemClock } from '#clock';
import { AccountBlockedError, BugError, InvalidInputError, TransientError } from '#domain';
import { CapturedStream, captureTerminal } from '../../../test/support/captured-terminal.js';
import { runCli } from '../../../test/support/in-process-cli.js';
import { exitCodeOf } from './output/exit-code.js';
import { renderTable } from './output/table.js';
import { paint } from './output/terminal.js';
import { createProgram } from './program.js';

/** The commands of the operator; `start` and `demo` are programs that run until a signal. */
const operatorCommands = [
  ...['accounts', 'connect', 'settings', 'import', 'reconcile', 'runs', 'resync', 'failures', 'export', 'erase', 'queues', 'peek', 'kick'],
  ...[
    'bury',
    'pause',
    'resume',
    'how-time',
    'rotate-key',
    'rotate-webhooks',
    'update-accesses',
    'doctor',
    'migrate',
    'backup',
    'restore',
    'migrate-to',
  ],
];

const notUsed = (): never => {
  throw new Error('not used');
};

const { program } = createProgram({
  terminal: captureTerminal(),
  clock: systemClock,
  loadConfig: notUsed,
  findUnknownVariables: notUsed,
  onInterrupt: notUsed,
});

const run = (...args: string[]) => runCli(args, { env: {} });

describe('the commands', () => {
  it.each(operatorCommands)('%s has --json, and help with examples and exit codes', async (name) => {
    const { exitCode, output } = await run(name, '--help');
    expect(exitCode).toBe(0);
    expect(output).toContain('--json');
    expect(output).toMatch(new RegExp(`Examples:\\n  \\$ kommo-sync ${name}[\\s\\S]*Exit codes:\\n  0 +done`));
  });

  it('equal the table of docs/OPERATIONS.md', () => {
    const text = readFileSync(new URL('../../../docs/OPERATIONS.md', import.meta.url), 'utf8');
    const section = /\n## Command line\n([\s\S]*?)\n## /.exec(text)?.[1] ?? '';
    const rows = [...section.matchAll(/^\| `([a-z-]+.*?)` \| (.*?) \|$/gm)].map(([, usage, description]) => [usage, description]);
    const commands = program.commands.filter((command) => !['complete', 'help'].includes(command.name()));
    const toUsage = (name: string, usage: string) => `${name} ${usage.replace('[options] ', '').replace('[options]', '')}`.trim();
    expect(rows).toEqual(commands.map((command) => [toUsage(command.name(), command.usage()), command.description()]));
  });

  it.each([
    [['acounts'], 'Did you mean accounts?'],
    [['peek', 'imports', '--stat', 'ready'], 'Did you mean --state?'],
    [['kick', 'contatcs'], 'Did you mean contacts?'],
    [['import', 'abc'], 'must be the id of a Kommo account'],
    [['update-accesses', '0'], 'must be a whole number of hours, 1 to 2160'],
    [['resync', 'Anna'], 'neither a contact id, an e-mail address nor all-failing'],
  ])('%j is a usage error that says what to write', async (args, text) => {
    const { exitCode, output, errors } = await run(...args);
    expect({ exitCode, output }).toEqual({ exitCode: 64, output: '' });
    expect(errors).toContain(text);
    expect(errors).not.toMatch(/^\s+at /m);
  });

  it('end with 78 and one line for each problem of the configuration', async () => {
    const { exitCode, errors } = await runCli(['accounts'], { env: { PORT: 'x', SWEEP_SECONDS: '0' } });
    expect(exitCode).toBe(78);
    expect(errors.trim().split('\n')).toEqual([
      'Error: PORT must be a whole number from 0 to 65535',
      'Error: SWEEP_SECONDS must be a whole number from 1 to 3600',
    ]);
  });

  it('print an error with --json as one document', async () => {
    const { exitCode, output } = await runCli(['accounts', '--json'], { env: { PORT: 'x' } });
    expect(exitCode).toBe(78);
    expect(JSON.parse(output)).toMatchObject({ error: 'bad_configuration', message: expect.stringContaining('PORT') });
  });
});

describe('the exit code', () => {
  it.each([
    [new InvalidInputError('x'), 64],
    [new InvalidInputError('x', { code: 'run_unknown' }), 64],
    [new TransientError('x', { code: 'database_unavailable' }), 69],
    [new TransientError('x', { code: 'queue_unavailable' }), 69],
    [new AccountBlockedError('x', { code: 'unisender_key_refused' }), 77],
    [new InvalidInputError('x', { code: 'run_active' }), 77],
    [new InvalidInputError('x', { code: 'kommo_rejected' }), 77],
    [new InvalidInputError('x', { code: 'wrong_encryption_key' }), 78],
    [new InvalidInputError('x', { code: 'data_dir_held' }), 78],
    [new BugError('x', { code: 'internal_error' }), 1],
  ])('of %p is %i', (error, exitCode) => {
    expect(exitCodeOf(error)).toBe(exitCode);
  });
});

describe('the output', () => {
  const rows = [[1, 'a very long name that does not fit into the terminal at all, because it is longer', 'active']];

  it('fits the width of a terminal, and is whole without one', () => {
    const lines = renderTable(new CapturedStream(40), ['account', 'name', 'status'], rows);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
    expect(lines.join('\n')).toContain('…');
    expect(renderTable(new CapturedStream(), ['account', 'name', 'status'], rows).join('\n')).toContain('because it is longer');
  });

  it('replaces control characters of names', () => {
    expect(renderTable(new CapturedStream(), ['name'], [['a\u001b[2Jb\nc']])).toEqual(['name', 'a [2Jb c']);
  });

  it('has colours only on a terminal that shows them', () => {
    expect(paint(new CapturedStream(80, true), 'bad', 'x')).toBe('\u001b[31mx\u001b[39m');
    expect(paint(new CapturedStream(80, false), 'bad', 'x')).toBe('x');
    expect(paint(new CapturedStream(undefined, true), 'bad', 'x')).toBe('x');
  });
});
