import { describe, expect, it } from '@jest/globals';
import { WaitingLine } from './waiting-line.js';

const waiter = (group: string, name: string) => ({ group, name, deadlineMs: 1_000 });

/** The names in the order in which they leave. */
function leaveAll(line: WaitingLine<ReturnType<typeof waiter>>): string[] {
  const names: string[] = [];
  for (let next = line.findNext(0); next; next = line.findNext(0)) {
    names.push(next.name);
    line.remove(next);
  }
  return names;
}

describe('WaitingLine', () => {
  it('serves groups in turn, and the requests of a group in their order', () => {
    const line = new WaitingLine<ReturnType<typeof waiter>>();
    for (const name of ['a1', 'a2', 'a3', 'b1', 'c1', 'b2']) line.add(waiter(name.charAt(0), name));
    expect(leaveAll(line)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
    expect(line.isEmpty).toBe(true);
  });

  it('skips a group that is held until its time', () => {
    const line = new WaitingLine<ReturnType<typeof waiter>>();
    const [a, b] = [waiter('a', 'a1'), waiter('b', 'b1')];
    line.add(a);
    line.add(b);
    line.hold(a, 50);
    expect(line.findNext(0)).toBe(b);
    line.hold(b, 40);
    expect(line.findNext(0)).toBeUndefined();
    expect(line.nextTurnMs).toBe(40);
    expect(line.findNext(50)).toBe(a);
  });

  it('finds the overdue request, and removes a request once', () => {
    const line = new WaitingLine<ReturnType<typeof waiter>>();
    const [first, second] = [waiter('a', 'a1'), waiter('a', 'a2')];
    line.add(first);
    line.add(second);
    expect(line.findOverdue(999)).toBeUndefined();
    expect(line.findOverdue(1_000)).toBe(first);
    line.remove(first);
    line.remove(first);
    expect(leaveAll(line)).toEqual(['a2']);
  });
});
