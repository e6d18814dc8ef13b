import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { embeddedQueueAddressFile, embeddedQueueSocketFinder, findEmbeddedQueueSocket } from './embedded-queue.js';

let dataDir: string;
const write = (text: string) => writeFileSync(embeddedQueueAddressFile(dataDir), text);

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'data-'));
});

afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

describe('findEmbeddedQueueSocket', () => {
  it.each(['', 'unix:', 'unix:relative.sock', '127.0.0.1:11300', '/run/queue.sock'])('finds no socket in %p', (text) => {
    write(text);
    expect(findEmbeddedQueueSocket(dataDir)).toBeUndefined();
  });
});

describe('embeddedQueueSocketFinder', () => {
  it('returns the new socket after the file appears, changes and is removed', () => {
    const find = embeddedQueueSocketFinder(dataDir);
    expect(find()).toBeUndefined();
    write('unix:/run/queue.sock\n');
    expect([find(), find()]).toEqual(['/run/queue.sock', '/run/queue.sock']);
    write('unix:/tmp/q/queue.sock');
    expect(find()).toBe('/tmp/q/queue.sock');
    rmSync(embeddedQueueAddressFile(dataDir));
    expect(find()).toBeUndefined();
  });
});
