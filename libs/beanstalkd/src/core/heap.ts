/** What a heap needs of its entries: a place to remember where they stand, -1 when they stand nowhere. */
export interface HeapEntry {
  heapIndex: number;
}

/** Binary heap that can also remove from its middle in O(log n), because every entry knows its index. An entry is in one heap at most. */
export class Heap<T extends HeapEntry> {
  private readonly entries: T[] = [];

  constructor(private readonly precedes: (a: T, b: T) => boolean) {}

  get size(): number {
    return this.entries.length;
  }

  peek(): T | undefined {
    return this.entries[0];
  }

  /** All of them, in no order. */
  values(): readonly T[] {
    return this.entries;
  }

  push(entry: T): void {
    this.entries.push(entry);
    this.rise(entry, this.entries.length - 1);
  }

  pop(): T | undefined {
    const first = this.entries[0];
    if (first) this.remove(first);
    return first;
  }

  remove(entry: T): void {
    const index = entry.heapIndex;
    const last = this.entries.pop();
    entry.heapIndex = -1;
    if (last && last !== entry) this.settle(last, index);
  }

  /** Puts the entry where it belongs after its rank changed. */
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
