import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LargeBody } from '../core/body-store.js';
import { Job } from '../core/job.js';
import { Tube } from '../core/tube.js';
import { LogWindow } from './log-window.js';
import { PendingRecords } from './pending-records.js';
import { RecordReader } from './record-reader.js';
import { formatVersion, fullRecordBytes, headerBytes, shortRecordBytes, writeFullRecord, writeShortRecord } from './record.js';

/** The length of the name moves the fields of the job. */
const shortName = new Tube('a');
const longName = new Tube('long-name');

/** A job in which every field is read as another value when a part of the field is missing. */
function newJob(id: number, bodyBytes: number): Job {
  const job = new Job(id, id % 2 ? shortName : longName, { priority: 0xf0f0f0f0, delayMs: 1_000, ttrMs: 1_000 }, 1_700_000_000_000);
  job.body = new LargeBody(Buffer.from(`${'x'.repeat(bodyBytes)}\r\n`), 0, bodyBytes + 2);
  return Object.assign(job, { state: 'buried', deadlineAtMs: 1_700_000_000_000, reserves: 1, releases: 1, buries: 1, kicks: 1 });
}

interface Batch {
  readonly pending: PendingRecords;
  readonly described: readonly string[];
}

/** One full record for each body length, and one short record for each undefined. */
function collect(bodies: readonly (number | undefined)[]): Batch {
  const pending = new PendingRecords(headerBytes);
  const described = bodies.map((bodyBytes, index) => {
    const job = newJob(0x0101_0101 + index, bodyBytes ?? 0);
    if (bodyBytes === undefined) pending.append(job, shortRecordBytes, writeShortRecord);
    else pending.append(job, fullRecordBytes(job), writeFullRecord);
    return `${job.id} buried ${bodyBytes ?? 'short'}`;
  });
  return { pending, described };
}

function readAll(file: Buffer): string[] {
  const window = new LogWindow();
  let at = 0;
  window.open((target, offset, length) => {
    const copied = file.copy(target, offset, at, at + length);
    at += copied;
    return copied;
  });
  const reader = new RecordReader(window);
  const described: string[] = [];
  for (let record = reader.next(); record; record = reader.next()) {
    described.push(`${record.id} ${record.state} ${record.body === undefined ? 'short' : record.body.length - 2}`);
  }
  return described;
}

/** The file after each page that the kernel has copied. */
function* filesAfterEachPage(pending: PendingRecords): Generator<Buffer> {
  const file = Buffer.alloc(pending.end + 8_192);
  file.writeInt32LE(formatVersion);
  for (const { bytes, at } of pending.writes()) {
    for (let done = 0; done < bytes.length;) {
      const end = Math.min(bytes.length, done + 4_096 - ((at + done) % 4_096));
      bytes.copy(file, at + done, done, end);
      done = end;
      yield file;
    }
  }
}

/** Body lengths of the first record that move the second record over the end of a page, byte by byte. */
const aroundPageEnd = Array.from({ length: 110 }, (_, index) => 4_096 - 4 - 85 - 2 - 95 + index);

const anyBatch = fc.array(fc.oneof(fc.constant(undefined), fc.nat(300), fc.nat(9_000)), { minLength: 1, maxLength: 120, size: 'max' });

function expectWholeRecords(bodies: readonly (number | undefined)[]): void {
  const { pending, described } = collect(bodies);
  let found: string[] = [];
  for (const file of filesAfterEachPage(pending)) {
    found = readAll(file);
    expect(found).toEqual(described.slice(0, found.length));
  }
  expect(found).toEqual(described);
}

describe('PendingRecords', () => {
  it('leaves only complete records in order when a kill stops the writing at any page', () => {
    fc.assert(fc.property(anyBatch, expectWholeRecords), { numRuns: 60 });
  });

  it.each([undefined, 0, 5_000])('leaves a record (%s bytes of body) complete or invisible, wherever a page begins in it', (body) => {
    for (const moving of aroundPageEnd) {
      expectWholeRecords([moving, body]);
      expectWholeRecords([0, moving - 87, body]);
    }
  });

  it('continues behind the written records', () => {
    const { pending } = collect([1, undefined]);
    const { end } = pending;
    pending.clear();
    expect(pending.writes()).toEqual([]);
    pending.append(newJob(7, 0), shortRecordBytes, writeShortRecord);
    expect(pending.writes().map(({ at, bytes }) => [at, bytes.length])).toEqual([[end, shortRecordBytes]]);
  });
});
