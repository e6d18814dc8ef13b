import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#clock';
import { Database, type DatabaseLocation } from '#database';
import { hasMariaDb, startMariaDb } from '../../test/support/mariadb-process.js';
import type { BenchOptions } from '../bench.js';
import { listHotPaths } from './hot-paths.js';
import { loadDatabase } from './loaded-database.js';
import { RecordedDatabase } from './query-plans.js';

const ROWS = 1_000_000;
const QUICK_ROWS = 100_000;

async function measure(location: DatabaseLocation, { isQuick, print }: BenchOptions): Promise<number> {
  const rows = isQuick ? QUICK_ROWS : ROWS;
  const database = await Database.open(location, { clock: systemClock });
  try {
    await database.migrate();
    const startedAt = performance.now();
    await loadDatabase(database, { contacts: rows, events: rows, accounts: 1_000 });
    print(`${database.kind}: ${rows} contacts and ${rows} events, loaded in ${Math.round((performance.now() - startedAt) / 1_000)} s`);
    return await measurePaths(database, print);
  } finally {
    await database.close();
  }
}

/** Prints the time of each call. Returns how many statements read a whole table. */
async function measurePaths(database: Database, print: BenchOptions['print']): Promise<number> {
  const recorded = new RecordedDatabase(database);
  let scans = 0;
  for (const { name, call } of listHotPaths(recorded.database, systemClock)) {
    const found = await recorded.findScans(call);
    const startedAt = performance.now();
    await call();
    print(`${(performance.now() - startedAt).toFixed(1).padStart(8)} ms  ${name}`);
    for (const scan of found) print(`           whole table: ${scan}`);
    scans += found.length;
  }
  return scans;
}

/**
 * Prints the time of every statement of a hot path over 1,000,000 contacts and 1,000,000 events on SQLite, and on MariaDB where it is
 * installed. Exit code 1: a statement reads a whole table.
 */
export async function runPlansBench(options: BenchOptions): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'plans-'));
  let scans = await measure({ kind: 'sqlite', path: join(folder, 'plans.sqlite') }, options).finally(() => rm(folder, { recursive: true }));
  if (hasMariaDb()) {
    const server = await startMariaDb();
    scans += await measure(await server.createSchema(), options).finally(() => server.stop());
  } else options.print('MariaDB is not installed');
  if (scans > 0) process.exitCode = 1;
}
