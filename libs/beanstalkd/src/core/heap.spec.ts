import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Heap } from './heap.js';

interface Entry {
  rank: number;
  heapIndex: number;
}

const newHeap = () => new Heap<Entry>((a, b) => a.rank < b.rank);
const popAll = (heap: Heap<Entry>) => Array.from({ length: heap.size }, () => heap.pop()?.rank);

describe('Heap', () => {
  it('returns entries in order after random pushes, removals and rank changes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(50), fc.constantFrom('keep', 'remove', 'changeRank'), fc.nat(50))), (plan) => {
        const heap = newHeap();
        const entries = plan.map(([rank]) => ({ rank, heapIndex: -1 }));
        entries.forEach((entry) => heap.push(entry));
        const kept = entries.filter((entry, index) => applyStep(heap, entry, plan[index]));
        expect(popAll(heap)).toEqual(kept.map(({ rank }) => rank).sort((a, b) => a - b));
        expect(entries.every(({ heapIndex }) => heapIndex === -1)).toBe(true);
      }),
    );
  });
});

function applyStep(heap: Heap<Entry>, entry: Entry, step: [number, string, number] | undefined): boolean {
  if (step?.[1] === 'remove') heap.remove(entry);
  if (step?.[1] === 'changeRank') {
    entry.rank = step[2];
    heap.update(entry);
  }
  return step?.[1] !== 'remove';
}
