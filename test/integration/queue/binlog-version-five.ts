/** Number of each state on disk. */
const stateNumbers = { invalid: 0, ready: 1, reserved: 2, buried: 3, delayed: 4 } as const;

/** One record of a log of version 5. */
export interface OldRecord {
  readonly id: number;
  readonly tube: string;
  readonly state: keyof typeof stateNumbers;
  /** Set in a full record. */
  readonly body?: string;
  /** Set in a short record: the body of the job that it updates. The record contains its length only. */
  readonly updates?: string;
  readonly priority?: number;
  readonly delaySeconds?: number;
  readonly ttrSeconds?: number;
  readonly createdAtMs: number;
  readonly deadlineAtMs?: number;
}

/** Counts of reserves, timeouts, releases, buries and kicks in every record. */
export const oldCounts = [1, 2, 3, 4, 5] as const;

/**
 * Returns a log file of version 5: the version (int32), then for each record the length of the tube name (uint64), the name, 77
 * bytes of job fields at the offsets of version 7 with all times in microseconds, and the body.
 */
export function toVersionFive(records: readonly OldRecord[]): Buffer {
  const version = Buffer.alloc(4);
  version.writeInt32LE(5);
  return Buffer.concat([version, ...records.map(toBytes), Buffer.alloc(500)]);
}

function toBytes(record: OldRecord): Buffer {
  const { tube, body } = record;
  const name = Buffer.from(body === undefined ? '' : tube);
  const length = Buffer.alloc(8);
  length.writeUInt32LE(name.length);
  return Buffer.concat([length, name, toJobBytes(record), Buffer.from(body === undefined ? '' : `${body}\r\n`)]);
}

function toJobBytes(record: OldRecord): Buffer {
  const { id, state, priority = 1, delaySeconds = 0, ttrSeconds = 60, createdAtMs, deadlineAtMs = 0 } = record;
  const job = Buffer.alloc(77);
  const writeMicroseconds = (at: number, ms: number) => job.writeBigUInt64LE(BigInt(ms) * 1_000n, at);
  job.writeBigUInt64LE(BigInt(id), 0);
  job.writeUInt32LE(priority, 8);
  writeMicroseconds(16, delaySeconds * 1_000);
  writeMicroseconds(24, ttrSeconds * 1_000);
  job.writeInt32LE((record.body ?? record.updates ?? '').length + 2, 32);
  writeMicroseconds(40, createdAtMs);
  writeMicroseconds(48, deadlineAtMs);
  oldCounts.forEach((count, index) => job.writeUInt32LE(count, 56 + 4 * index));
  job.writeUInt8(stateNumbers[state], 76);
  return job;
}
