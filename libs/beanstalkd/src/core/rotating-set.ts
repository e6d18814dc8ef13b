/**
 * A small set whose members are taken in turn. It reproduces the order of beanstalkd's own sets (ms.c of beanstalkd 1.12):
 * a removal moves the last member into the gap, and `take` continues at the index where it stopped. Clients see this order in
 * `list-tubes` and in which waiting worker gets a job.
 */
export class RotatingSet<T> {
  private readonly members: T[] = [];
  private nextIndex = 0;

  /** Number of members. */
  get size(): number {
    return this.members.length;
  }

  /** All members in their order. The array is the set's own: valid until the next change. */
  values(): readonly T[] {
    return this.members;
  }

  /** True when `member` is in the set. Takes O(n). */
  has(member: T): boolean {
    return this.members.includes(member);
  }

  /** Adds a member at the end. Does not check whether it is in the set already. */
  append(member: T): void {
    this.members.push(member);
  }

  /** Removes a member. False when it is not in the set. */
  remove(member: T): boolean {
    const index = this.members.indexOf(member);
    if (index < 0) return false;
    this.removeAt(index);
    return true;
  }

  /** Removes and returns the next member in turn; undefined when the set is empty. */
  take(): T | undefined {
    if (this.members.length === 0) return undefined;
    this.nextIndex %= this.members.length;
    const member = this.members[this.nextIndex];
    this.removeAt(this.nextIndex);
    this.nextIndex += 1;
    return member;
  }

  /** Has the same effect as appending one member to an empty set and taking it at once. */
  skipOne(): void {
    this.nextIndex = 1;
  }

  private removeAt(index: number): void {
    const last = this.members.pop();
    if (last !== undefined && index < this.members.length) this.members[index] = last;
  }
}
