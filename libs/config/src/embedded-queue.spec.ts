import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { embeddedQueuePortFile, embeddedQueuePortFinder, findEmbeddedQueuePort } from './embedded-queue.js';

let dataDir: string;
const write = (text: string) => writeFileSync(embeddedQueuePortFile(dataDir), text);

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'data-'));
});

afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

describe('findEmbeddedQueuePort', () => {
  it.each(['', '0', '65536', '1.5', 'text'])('finds no port in %p', (text) => {
    write(text);
    expect(findEmbeddedQueuePort(dataDir)).toBeUndefined();
  });
});

describe('embeddedQueuePortFinder', () => {
  it('returns the new port after the file appears, changes and is removed', () => {
    const find = embeddedQueuePortFinder(dataDir);
    expect(find()).toBeUndefined();
    write('11300');
    expect([find(), find()]).toEqual([11_300, 11_300]);
    write('2');
    expect(find()).toBe(2);
    rmSync(embeddedQueuePortFile(dataDir));
    expect(find()).toBeUndefined();
  });
});
