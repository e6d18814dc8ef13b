/** An entry of a heap. It stores its own position, so that the heap finds it in O(1). */
export interface HeapEntry {
  /** Position in the heap; -1 outside any heap. Written by `Heap` only. */
  heapIndex: number;
}

/** Binary heap that removes or moves any entry in O(log n). An entry is in one heap at most. */
export class Heap<T extends HeapEntry> {
  private readonly entries: T[] = [];

  /** `precedes(a, b)`: whether `a` comes out of the heap before `b`. */
  constructor(private readonly precedes: (a: T, b: T) => boolean) {}

  /** Number of entries. */
  get size(): number {
    return this.entries.length;
  }

  /** Returns the first entry without removing it; undefined when the heap is empty. */
  peek(): T | undefined {
    return this.entries[0];
  }

  /** All entries, in no particular order. The array belongs to the heap and is valid until the next change. */
  values(): readonly T[] {
    return this.entries;
  }

  /** Adds an entry, which must not be in a heap. */
  push(entry: T): void {
    this.entries.push(entry);
    this.rise(entry, this.entries.length - 1);
  }

  /** Removes and returns the first entry; undefined when the heap is empty. */
  pop(): T | undefined {
    const first = this.entries[0];
    if (first) this.remove(first);
    return first;
  }

  /** Removes an entry, which must be in this heap. */
  remove(entry: T): void {
    const index = entry.heapIndex;
    const last = this.entries.pop();
    entry.heapIndex = -1;
    if (last && last !== entry) this.settle(last, index);
  }

  /** Moves an entry of this heap to its position after its rank has changed. */
  update(entry: T): void {
    this.settle(entry, entry.heapIndex);
  }

  private settle(entry: T, index: number): void {
    this.rise(entry, index);
    if (entry.heapIndex === index) this.sink(entry, index);
  }

  private rise(entry: T, from: number): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = this.entries[parent] as T;
      if (!this.precedes(entry, above)) break;
      this.place(above, index);
      index = parent;
    }
    this.place(entry, index);
  }

  private sink(entry: T, from: number): void {
    let index = from;
    for (let child = this.smallerChild(index); child !== undefined; child = this.smallerChild(index)) {
      if (!this.precedes(child, entry)) break;
      const next = child.heapIndex;
      this.place(child, index);
      index = next;
    }
    this.place(entry, index);
  }

  private smallerChild(index: number): T | undefined {
    const left = this.entries[2 * index + 1];
    const right = this.entries[2 * index + 2];
    return left && right && this.precedes(right, left) ? right : left;
  }

  private place(entry: T, index: number): void {
    this.entries[index] = entry;
    entry.heapIndex = index;
  }
}
