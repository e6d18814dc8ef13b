import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { inRoot } from './project.js';

const LOCK = inRoot('dist', '.preparing');
const POLL_MS = 200;
const HEARTBEAT_MS = 5_000;
const SILENT_AFTER_MS = 60_000;

const ownerFile = (folder) => `${folder}/owner`;

/** A folder that already names its owner is moved into place: it is never seen without one, and only one move succeeds. */
function tryTake() {
  const draft = `${LOCK}.${randomUUID()}`;
  mkdirSync(draft, { recursive: true });
  writeFileSync(ownerFile(draft), JSON.stringify({ pid: process.pid, host: hostname() }));
  try {
    renameSync(draft, LOCK);
    return true;
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(error.code)) throw error;
    return false;
  }
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function isStale(folder) {
  try {
    const { pid, host } = JSON.parse(readFileSync(ownerFile(folder), 'utf8'));
    const isSilent = Date.now() - statSync(ownerFile(folder)).mtimeMs > SILENT_AFTER_MS;
    return isSilent || (host === hostname() && !isAlive(pid));
  } catch (error) {
    return error.code !== 'ENOENT';
  }
}

/** Moves the lock aside before looking again, so that a lock which someone took meanwhile is put back, not removed. */
function breakStale() {
  const aside = `${LOCK}.${randomUUID()}`;
  try {
    renameSync(LOCK, aside);
    if (!isStale(aside)) return renameSync(aside, LOCK);
  } catch {
    return undefined;
  }
  return rmSync(aside, { recursive: true, force: true });
}

async function take(onWait) {
  let hasWaited = false;
  while (!tryTake()) {
    if (isStale(LOCK)) {
      breakStale();
      continue;
    }
    if (!hasWaited) onWait();
    hasWaited = true;
    await sleep(POLL_MS);
  }
}

function beat() {
  try {
    utimesSync(ownerFile(LOCK), new Date(), new Date());
  } catch {
    // Someone removed dist: nothing is left to keep alive.
  }
}

/** Does the work while no other process of this checkout does. A lock whose owner died, or is silent for a minute, is broken. */
export async function withPreparationLock(work, onWait) {
  await take(onWait);
  const heartbeat = setInterval(beat, HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    rmSync(LOCK, { recursive: true, force: true });
  }
}
