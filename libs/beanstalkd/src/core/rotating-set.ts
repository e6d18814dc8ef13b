/**
 * A small set whose members are taken in turn. Removal moves the last member into the gap and `take` goes on from where it
 * stopped: beanstalkd's own order, visible to clients in `list-tubes` and in which waiting worker is served.
 */
export class RotatingSet<T> {
  private readonly members: T[] = [];
  private turn = 0;

  get size(): number {
    return this.members.length;
  }

  values(): readonly T[] {
    return this.members;
  }

  has(member: T): boolean {
    return this.members.includes(member);
  }

  append(member: T): void {
    this.members.push(member);
  }

  remove(member: T): boolean {
    const index = this.members.indexOf(member);
    if (index < 0) return false;
    this.removeAt(index);
    return true;
  }

  take(): T | undefined {
    if (this.members.length === 0) return undefined;
    this.turn %= this.members.length;
    const member = this.members[this.turn];
    this.removeAt(this.turn);
    this.turn += 1;
    return member;
  }

  /** The same as appending one member to an empty set and taking it at once. */
  passThrough(): void {
    this.turn = 1;
  }

  private removeAt(index: number): void {
    const last = this.members.pop();
    if (last !== undefined && index < this.members.length) this.members[index] = last;
  }
}
