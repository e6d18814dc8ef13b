import { Readable } from 'node:stream';
import { systemClock } from '#clock';
import { type ExportRow, readExportFile } from '../../libs/unisender/src/export-file.js';

const API_ORIGIN = 'https://api.unisender.com';
const LIMITS = { silenceLimitMs: 60_000, totalLimitMs: 60_000, maxBytes: 1e9 };

/** Reads an export from memory as from a download that arrives in chunks. */
export function readExportInMemory(file: Buffer, { chunkBytes = 65_536, encoding = 'identity' } = {}): AsyncIterable<readonly ExportRow[]> {
  const chunks = Array.from({ length: Math.ceil(file.length / chunkBytes) }, (_, index) =>
    file.subarray(index * chunkBytes, (index + 1) * chunkBytes),
  );
  const open = async () => ({ status: 200, location: undefined, encoding, hasKnownEnd: true, body: Readable.from(chunks) });
  return readExportFile({ ...LIMITS, open, clock: systemClock, apiOrigin: API_ORIGIN }, `${API_ORIGIN}/x.csv`);
}
