/** A request that waits in the line. */
interface Waiting {
  readonly group: string;
  readonly deadlineMs: number;
}

/** Requests that wait for one limit. Groups take turns; within a group the first request to come is the first to leave. */
export class WaitingLine<Waiter extends Waiting> {
  /** The group whose turn is next comes first. No group is empty. */
  private readonly groups = new Map<string, Waiter[]>();
  /** Groups that have no turn before a time, in elapsed milliseconds. */
  private readonly heldUntil = new Map<string, number>();

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.groups.size === 0;
  }

  /** When the next group has its turn, while all of them are held. */
  get nextTurnMs(): number {
    return Math.min(...this.heldUntil.values());
  }

  /** When the first deadline ends. */
  get nextDeadlineMs(): number {
    return Math.min(...this.first().map(({ deadlineMs }) => deadlineMs));
  }

  /** Adds a request at the end of its group. */
  add(waiter: Waiter): void {
    const group = this.groups.get(waiter.group);
    if (group) group.push(waiter);
    else this.groups.set(waiter.group, [waiter]);
  }

  /** Finds the request whose turn it is; undefined while every group is held. */
  findNext(nowMs: number): Waiter | undefined {
    return this.first().find(({ group }) => (this.heldUntil.get(group) ?? -Infinity) <= nowMs);
  }

  /** Finds a request whose deadline has ended. All requests wait equally long, so that the first of a group ends first. */
  findOverdue(nowMs: number): Waiter | undefined {
    return this.first().find(({ deadlineMs }) => deadlineMs <= nowMs);
  }

  /** Holds back a group until a time: its own limit allows no request before. */
  hold({ group }: Waiter, untilMs: number): void {
    this.heldUntil.set(group, untilMs);
  }

  /** Removes a request. Its group has its next turn after the others. Without effect when it does not wait. */
  remove(waiter: Waiter): void {
    const group = this.groups.get(waiter.group) ?? [];
    const place = group.indexOf(waiter);
    if (place === -1) return;
    group.splice(place, 1);
    this.heldUntil.delete(waiter.group);
    this.groups.delete(waiter.group);
    if (group.length > 0) this.groups.set(waiter.group, group);
  }

  private first(): Waiter[] {
    return [...this.groups.values()].flatMap(([first]) => first ?? []);
  }
}
