import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Job } from '../core/job.js';
import { Tube } from '../core/tube.js';
import { PendingRecords } from './pending-records.js';
import { RecordReader } from './record-reader.js';
import { formatVersion, fullRecordBytes, headerBytes, shortRecordBytes, writeFullRecord, writeShortRecord } from './record.js';

/** The place of a short name's number is not that of a long one's. */
const shortlyNamed = new Tube('a');
const longNamed = new Tube('long-name');

/** A job whose every field would be read as another value when a part of it were missing. */
function newJob(id: number, bodyBytes: number): Job {
  const job = new Job(id, id % 2 ? shortlyNamed : longNamed, { priority: 0xf0f0f0f0, delayMs: 1_000, ttrMs: 1_000 }, 1_700_000_000_000);
  job.body = Buffer.from(`${'x'.repeat(bodyBytes)}\r\n`);
  return Object.assign(job, { state: 'buried', deadlineAtMs: 1_700_000_000_000, reserves: 1, releases: 1, buries: 1, kicks: 1 });
}

interface Batch {
  readonly pending: PendingRecords;
  readonly described: readonly string[];
}

/** A full record for every length, a short one for every undefined. */
function gather(bodies: readonly (number | undefined)[]): Batch {
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
  const reader = new RecordReader(file);
  const described: string[] = [];
  for (let record = reader.next(); record; record = reader.next()) {
    described.push(`${record.id} ${record.state} ${record.body === undefined ? 'short' : record.body.length - 2}`);
  }
  return described;
}

/** The file after every page that the system copied. */
function* killedAtAnyPage(pending: PendingRecords): Generator<Buffer> {
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

/** The first record's body moves the second over the end of a page, byte by byte. */
const aroundPageEnd = Array.from({ length: 110 }, (_, index) => 4_096 - 4 - 85 - 2 - 95 + index);

const anyBatch = fc.array(fc.oneof(fc.constant(undefined), fc.nat(300), fc.nat(9_000)), { minLength: 1, maxLength: 120, size: 'max' });

function expectWholeRecords(bodies: readonly (number | undefined)[]): void {
  const { pending, described } = gather(bodies);
  let found: string[] = [];
  for (const file of killedAtAnyPage(pending)) {
    found = readAll(file);
    expect(found).toEqual(described.slice(0, found.length));
  }
  expect(found).toEqual(described);
}

describe('pending records', () => {
  it('show nothing but whole records, in their order, wherever a kill cuts their writing', () => {
    fc.assert(fc.property(anyBatch, expectWholeRecords), { numRuns: 60 });
  });

  it.each([undefined, 0, 5_000])(
    'show a record (%s bytes of body) whole or not at all, whichever of its bytes is the first of a page',
    (body) => {
      for (const moving of aroundPageEnd) {
        expectWholeRecords([moving, body]);
        expectWholeRecords([0, moving - 87, body]);
      }
    },
  );

  it('goes on behind what is written', () => {
    const { pending } = gather([1, undefined]);
    const { end } = pending;
    pending.clear();
    expect(pending.writes()).toEqual([]);
    pending.append(newJob(7, 0), shortRecordBytes, writeShortRecord);
    expect(pending.writes().map(({ at, bytes }) => [at, bytes.length])).toEqual([[end, shortRecordBytes]]);
  });
});
