import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BuiltProcess } from '../../support/built-process.js';

const OTHERS = 0o077;

describe('the files of a program that runs alone', () => {
  let folder: string;
  let program: BuiltProcess | undefined;
  let umaskBefore: number;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'standalone-'));
    // A child inherits it. Many systems give their users this one.
    umaskBefore = process.umask(0o022);
  });

  afterEach(async () => {
    process.umask(umaskBefore);
    await program?.kill();
    await rm(folder, { recursive: true, force: true });
  });

  it('S18: the queue server keeps its binlog and its socket from other users', async () => {
    const binlog = join(folder, 'binlog');
    mkdirSync(binlog);
    const socket = join(folder, 'queue.sock');
    program = new BuiltProcess({ entry: 'libs/beanstalkd/src/main.js', args: ['-l', `unix:${socket}`, '-b', binlog, '-V'], cwd: folder });
    await program.waitForLine(/listening on/);
    const files = readdirSync(binlog).map((name) => join(binlog, name));
    expect(files.length).toBeGreaterThan(0);
    for (const path of [...files, socket]) expect({ path, others: statSync(path).mode & OTHERS }).toEqual({ path, others: 0 });
  });

  it('S18: the sandbox creates private files only', async () => {
    program = new BuiltProcess({ entry: 'apps/sandbox/src/main.js', args: ['--port', '0'], cwd: folder });
    await program.waitForLine(/"ready"/);
    expect(/^Umask:\s+(\d+)$/m.exec(readFileSync(`/proc/${program.pid}/status`, 'utf8'))?.[1]).toBe('0077');
  });
});
