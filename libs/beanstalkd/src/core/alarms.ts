import { Heap, type HeapEntry } from './heap.js';

/** Something that wants to be looked at when a moment has come. */
export interface Alarmed extends HeapEntry {
  /** ms since the epoch. */
  alarmAtMs: number;
}

/**
 * Who is to be looked at next. An alarm may ring too early, never too late: postponing one costs nothing, its owner is
 * looked at and sets it again. That keeps the reserve-and-delete path free of heap work.
 */
export class Alarms<T extends Alarmed> {
  private readonly heap = new Heap<T>((a, b) => a.alarmAtMs < b.alarmAtMs);

  get nextAtMs(): number {
    return this.heap.peek()?.alarmAtMs ?? Infinity;
  }

  schedule(owner: T, atMs: number): void {
    if (owner.heapIndex < 0) this.add(owner, atMs);
    else if (atMs < owner.alarmAtMs) this.advance(owner, atMs);
  }

  cancel(owner: T): void {
    if (owner.heapIndex >= 0) this.heap.remove(owner);
  }

  takeDue(nowMs: number): T | undefined {
    return this.nextAtMs <= nowMs ? this.heap.pop() : undefined;
  }

  private add(owner: T, atMs: number): void {
    if (atMs === Infinity) return;
    owner.alarmAtMs = atMs;
    this.heap.push(owner);
  }

  private advance(owner: T, atMs: number): void {
    owner.alarmAtMs = atMs;
    this.heap.update(owner);
  }
}
