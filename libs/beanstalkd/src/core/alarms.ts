import { Heap, type HeapEntry } from './heap.js';

/** An entry that must be checked again at a certain time. */
export interface AlarmEntry extends HeapEntry {
  /** Time of the next check, ms since the epoch. Written by `Alarms` only. */
  alarmAtMs: number;
}

/**
 * Finds the entries that must be checked at a given time. An alarm may fire too early, never too late: postponing an entry
 * leaves the heap as it is, and the owner schedules the entry again after each check. So reserve and delete cause no heap work.
 */
export class Alarms<T extends AlarmEntry> {
  private readonly heap = new Heap<T>((a, b) => a.alarmAtMs < b.alarmAtMs);

  /** Time of the earliest alarm, ms since the epoch; Infinity when none is scheduled. */
  get nextAtMs(): number {
    return this.heap.peek()?.alarmAtMs ?? Infinity;
  }

  /** Sets the alarm of `entry` to `atMs` (ms since the epoch), or leaves it when an earlier one is set. Infinity sets none. */
  schedule(entry: T, atMs: number): void {
    if (entry.heapIndex < 0) this.add(entry, atMs);
    else if (atMs < entry.alarmAtMs) this.advance(entry, atMs);
  }

  /** Removes the alarm of `entry`. Does nothing when none is set. */
  cancel(entry: T): void {
    if (entry.heapIndex >= 0) this.heap.remove(entry);
  }

  /** Removes and returns one entry whose alarm is due at `nowMs` (ms since the epoch), the earliest first. Undefined when none is due. */
  takeDue(nowMs: number): T | undefined {
    return this.nextAtMs <= nowMs ? this.heap.pop() : undefined;
  }

  private add(entry: T, atMs: number): void {
    if (atMs === Infinity) return;
    entry.alarmAtMs = atMs;
    this.heap.push(entry);
  }

  private advance(entry: T, atMs: number): void {
    entry.alarmAtMs = atMs;
    this.heap.update(entry);
  }
}
