import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { inRoot } from './project.js';

const LOCK = inRoot('dist', '.preparing');
const POLL_MS = 200;
const HEARTBEAT_MS = 5_000;
const STALE_AFTER_MS = 60_000;

const ownerFile = (folder) => `${folder}/owner`;

/**
 * Takes the lock if it is free. The folder already names its owner when it is moved into place, so other processes never
 * see it without an owner. Only one move succeeds.
 */
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
    const isSilent = Date.now() - statSync(ownerFile(folder)).mtimeMs > STALE_AFTER_MS;
    return isSilent || (host === hostname() && !isAlive(pid));
  } catch (error) {
    return error.code !== 'ENOENT';
  }
}

/** Removes a stale lock. It is moved aside and checked again first: another process may hold the lock by now. */
function removeStaleLock() {
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
      removeStaleLock();
      continue;
    }
    if (!hasWaited) onWait();
    hasWaited = true;
    await sleep(POLL_MS);
  }
}

function updateHeartbeat() {
  try {
    utimesSync(ownerFile(LOCK), new Date(), new Date());
  } catch {
    // The folder dist was removed, and the lock with it.
  }
}

/** Removes the lock. It is moved aside first: an empty folder in its place could become the lock of another process meanwhile. */
function release() {
  const aside = `${LOCK}.${randomUUID()}`;
  try {
    renameSync(LOCK, aside);
  } catch (error) {
    // The folder dist was removed, and the lock with it.
    if (error.code === 'ENOENT') return;
    throw error;
  }
  rmSync(aside, { recursive: true, force: true });
}

/**
 * Runs `work` while no other process of this checkout runs it. Calls `onWait` once if it has to wait. A lock is removed
 * when its owner is dead or has not updated it for a minute.
 */
export async function withPreparationLock(work, onWait) {
  await take(onWait);
  const heartbeat = setInterval(updateHeartbeat, HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    release();
  }
}
