/** The states' numbers on disk. */
const onDisk = { invalid: 0, ready: 1, reserved: 2, buried: 3, delayed: 4 } as const;

export interface OldRecord {
  readonly id: number;
  readonly tube: string;
  readonly state: keyof typeof onDisk;
  /** Of a full record. */
  readonly body?: string;
  /** A short record has the length of its job's body, and not the body. */
  readonly updates?: string;
  readonly priority?: number;
  readonly delaySeconds?: number;
  readonly ttrSeconds?: number;
  readonly createdAtMs: number;
  readonly deadlineAtMs?: number;
}

/** Reserves, timeouts, releases, buries and kicks of every record. */
export const oldCounts = [1, 2, 3, 4, 5] as const;

/**
 * A log file of version 5: int32 version; then per record uint64 length of the tube's name, the name, and 77 bytes of job in
 * the places of version 7 with all times in microseconds, and the body.
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
  job.writeUInt8(onDisk[state], 76);
  return job;
}
