import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { textOf } from '../core/body-store.js';
import type { Connection } from '../core/connection.js';
import type { JobParameters } from '../core/job.js';
import { QueueState } from '../core/queue-state.js';
import { DirectoryLockedError } from './directory-lock.js';
import { openBinlog, type OpenBinlog } from './open-binlog.js';

let root = '';
let folders = 0;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'binlog-'));
  warnings.length = 0;
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

const newFolder = () => join(root, String((folders += 1)));

interface Scene {
  readonly state: QueueState;
  readonly connection: Connection;
  readonly log: OpenBinlog;
}

const warnings: string[] = [];

function open(directory: string, { nowMs = 1_000, segmentBytes = 1_000_000, isSynced = false } = {}): Scene {
  const state = new QueueState(nowMs);
  const log = openBinlog({ directory, segmentBytes, isSynced, onWarning: (message) => warnings.push(message) }, state);
  return { state, connection: state.connect({ reserved: () => {}, waitEnded: () => {} }), log };
}

function put(scene: Scene, body: string, parameters: Partial<JobParameters> = {}): number {
  const id = tryToPut(scene, body, parameters);
  if (id === undefined) throw new Error('the log has no space');
  return id;
}

function tryToPut({ state, connection }: Scene, body: string, parameters: Partial<JobParameters> = {}): number | undefined {
  const job = state.createJob(connection, { priority: 10, delayMs: 0, ttrMs: 5_000, ...parameters });
  const bytes = Buffer.from(`${body}\r\n`);
  job.body = state.bodies.copy(bytes, 0, bytes.length);
  return state.put(job) ? job.id : undefined;
}

/** What a restart must restore of each job. A reserved job is restored as ready. */
function describeJobs({ state }: Scene, lastId: number): string[] {
  const ids = Array.from({ length: lastId }, (_, index) => index + 1);
  return ids.flatMap((id) => {
    const job = state.find(id);
    if (!job) return [];
    const place = job.state === 'reserved' ? 'ready' : job.state;
    return [`${id} ${job.tube.name} ${place} ${textOf(job.body)}`];
  });
}

const logFiles = (directory: string) => readdirSync(directory).filter((name) => name.startsWith('binlog.'));

/** A copy of the files, as a killed process leaves them. */
function copyOf(directory: string): string {
  const copy = newFolder();
  mkdirSync(copy);
  for (const name of logFiles(directory)) copyFileSync(join(directory, name), join(copy, name));
  return copy;
}

type Step = readonly [command: 'put' | 'delay' | 'delete' | 'release' | 'bury' | 'kick', target: number];

function applyStep(scene: Scene, [command, target]: Step, lastId: number): number {
  const { state, connection } = scene;
  const id = 1 + (target % Math.max(1, lastId));
  state.use(connection, `t${target % 3}`);
  if (command === 'put') return put(scene, `body of ${target}`);
  if (command === 'delay') return put(scene, 'later', { delayMs: 1_000_000 });
  if (command === 'kick') state.kickJob(id);
  else if (command === 'delete') state.delete(connection, id);
  else if (state.reserveById(connection, id) && command === 'bury') state.bury(connection, id, 5);
  else state.release(connection, id, 7, 500_000);
  return lastId;
}

const stepOf = fc.tuple(fc.constantFrom('put', 'put', 'delay', 'delete', 'release', 'bury', 'kick'), fc.nat(40));

describe('Binlog', () => {
  it('restores every job after any history, with rotated and compacted files', () => {
    fc.assert(
      fc.property(fc.array(stepOf, { maxLength: 150 }), (steps) => {
        const directory = newFolder();
        const scene = open(directory, { segmentBytes: 4_096 });
        let lastId = 0;
        for (const step of steps) lastId = applyStep(scene, step, lastId);
        scene.log.binlog.flush();
        const again = open(copyOf(directory), { segmentBytes: 4_096 });
        expect(describeJobs(again, lastId)).toEqual(describeJobs(scene, lastId));
        scene.log.close();
        again.log.close();
      }),
      { numRuns: 60 },
    );
  });

  it('continues a delay after a restart', () => {
    const directory = newFolder();
    const scene = open(directory, { nowMs: 1_000 });
    put(scene, 'x', { delayMs: 10_000 });
    scene.log.close();
    const again = open(directory, { nowMs: 8_000 });
    expect(again.state.find(1)?.state).toBe('delayed');
    again.state.tick(11_000);
    expect(again.state.find(1)?.state).toBe('ready');
    again.log.close();
  });

  it('reads a log that is torn at any byte up to the last whole record', () => {
    const directory = newFolder();
    const scene = open(directory);
    put(scene, 'first');
    put(scene, 'second');
    scene.log.close();
    const whole = readFileSync(join(directory, 'binlog.1')).subarray(0, 4 + 2 * 84 + 2 * 'default'.length + 'first\r\nsecond\r\n'.length);
    for (let bytes = 0; bytes <= whole.length; bytes += 1) expect(countJobsAfterTear(directory, bytes)).toBe(countWholeJobs(bytes));
  });

  it('removes files that no job needs, and writes the few jobs of wasteful files again', () => {
    const directory = newFolder();
    const scene = open(directory, { segmentBytes: 4_096 });
    put(scene, 'stays');
    for (let count = 0; count < 2_000; count += 1) scene.state.delete(scene.connection, put(scene, 'deleted'));
    scene.log.binlog.flush();
    expect(scene.state.journalStatistics.recordsMigrated).toBeGreaterThan(0);
    expect(logFiles(directory).length).toBeLessThan(5);
    scene.log.close();
    const again = open(directory);
    expect(describeJobs(again, 2_001)).toEqual(['1 default ready stays\r\n']);
    again.log.close();
  });

  it.each([true, false])('has every flushed job on disk at any time during compaction (synced: %s)', (isSynced) => {
    const directory = newFolder();
    const scene = open(directory, { segmentBytes: 4_096, isSynced });
    put(scene, 'stays');
    scene.log.binlog.flush();
    for (let count = 0; count < 400; count += 1) {
      scene.state.delete(scene.connection, put(scene, 'deleted'));
      if (count % 7 === 0) expect(jobsAfterKill(directory)).toContain('1 default ready stays\r\n');
    }
    expect(scene.state.journalStatistics.recordsMigrated).toBeGreaterThan(0);
    scene.log.close();
  });

  it('leaves no spare files and no unused space when it is closed', () => {
    const directory = newFolder();
    const scene = open(directory, { segmentBytes: 4_096 });
    for (let count = 0; count < 40; count += 1) put(scene, 'x'.repeat(300));
    const current = `binlog.${scene.state.journalStatistics.currentIndex}`;
    scene.log.close();
    expect(logFiles(directory).at(-1)).toBe(current);
    expect(readFileSync(join(directory, current)).subarray(-2).toString()).toBe('\r\n');
  });

  it('writes a record that is larger than a file into a file of its own', () => {
    const directory = newFolder();
    const scene = open(directory, { segmentBytes: 4_096 });
    ['small', 'x'.repeat(50_000), 'small'].forEach((body) => put(scene, body));
    scene.log.binlog.flush();
    expect(jobsAfterKill(directory)).toEqual([
      '1 default ready small\r\n',
      `2 default ready ${'x'.repeat(50_000)}\r\n`,
      '3 default ready small\r\n',
    ]);
    scene.log.close();
  });

  it('refuses a job without space for it and its deletion, and accepts jobs again when there is space', () => {
    const directory = newFolder();
    const scene = open(directory, { segmentBytes: 4_096 });
    mkdirSync(join(directory, 'binlog.2'));
    while (tryToPut(scene, 'x'.repeat(100)) !== undefined) scene.log.binlog.flush();
    expect(warnings).toEqual([expect.stringMatching(/^no room for another log file: .*EEXIST/)]);
    const ids = Array.from({ length: 100 }, (_, index) => index + 1).filter((id) => scene.state.find(id));
    expect(ids.map((id) => scene.state.delete(scene.connection, id))).not.toContain(false);
    rmdirSync(join(directory, 'binlog.2'));
    scene.log.binlog.flush();
    expect(jobsAfterKill(directory)).toEqual([]);
    put(scene, 'x'.repeat(3_000));
    scene.log.close();
  });

  it('leaves a job unchanged when there is no space for the change', () => {
    const directory = newFolder();
    const scene = open(directory, { segmentBytes: 4_096 });
    mkdirSync(join(directory, 'binlog.2'));
    while (tryToPut(scene, '') !== undefined) scene.log.binlog.flush();
    const { state, connection } = scene;
    [1, 2].forEach((id) => state.reserveById(connection, id));
    expect(state.release(connection, 1, 7, 500)).toBe('no-room');
    expect(state.bury(connection, 1, 7)).toBe('no-room');
    expect(state.find(1)).toMatchObject({ state: 'reserved', priority: 10, releases: 0, buries: 0 });
    expect(state.release(connection, 2, 7, 0)).toBe('done');
    scene.log.close();
  });

  it('reads a damaged file up to the damage, warns, and keeps a copy of the file', () => {
    const directory = newFolder();
    const scene = open(directory);
    ['first', 'second', 'third'].forEach((body) => put(scene, body));
    scene.log.close();
    const path = join(directory, 'binlog.1');
    const content = readFileSync(path);
    content.writeInt32LE(201, content.indexOf('second') - 80 - 'default'.length - 4);
    writeFileSync(path, content);
    const again = open(directory);
    expect(describeJobs(again, 3)).toEqual(['1 default ready first\r\n']);
    expect(warnings).toEqual([expect.stringMatching(/binlog\.1 is damaged at byte 102: .*binlog\.1\.damaged keeps it$/)]);
    expect(readFileSync(`${path}.damaged`)).toEqual(content);
    again.log.close();
  });

  it('never uses an id twice, even if its job is deleted', () => {
    const directory = newFolder();
    const scene = open(directory);
    put(scene, 'a');
    scene.state.delete(scene.connection, put(scene, 'b'));
    scene.log.close();
    const again = open(directory);
    expect(put(again, 'c')).toBe(3);
    again.log.close();
  });

  it('can be opened by one server at a time', () => {
    const directory = newFolder();
    const { log } = open(directory);
    expect(() => open(directory)).toThrow(DirectoryLockedError);
    log.close();
    open(directory).log.close();
  });

  it('rejects files of another format and does not delete them', () => {
    const directory = newFolder();
    open(directory).log.close();
    truncateSync(join(directory, 'binlog.1'), 0);
    expect(() => open(directory).log.close()).not.toThrow();
    writeFileSync(join(directory, 'binlog.9'), Buffer.from('\x06\0\0\0 another format', 'latin1'));
    expect(() => open(directory)).toThrow('log format');
  });
});

/** The jobs that a restart finds when the process is killed now. */
function jobsAfterKill(directory: string): string[] {
  const scene = open(copyOf(directory));
  const jobs = describeJobs(scene, 1_000);
  scene.log.close();
  return jobs;
}

function countJobsAfterTear(directory: string, bytes: number): number {
  const copy = copyOf(directory);
  truncateSync(join(copy, 'binlog.1'), bytes);
  const scene = open(copy);
  const count = describeJobs(scene, 2).length;
  scene.log.close();
  return count;
}

function countWholeJobs(bytes: number): number {
  const firstEnds = 4 + 84 + 'default'.length + 'first\r\n'.length;
  const secondEnds = firstEnds + 84 + 'default'.length + 'second\r\n'.length;
  return Number(bytes >= firstEnds) + Number(bytes >= secondEnds);
}
