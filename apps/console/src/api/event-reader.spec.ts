import { describe, expect, it } from '@jest/globals';
import { EventReader } from './event-reader.js';

describe('EventReader', () => {
  const text = ': comment\n\nevent: run\ndata: {"a":1}\n\ndata: one\ndata: two\r\n\r\nevent: empty\n\nevent: last\ndata:x\n\n';
  const events = [
    { name: 'run', data: '{"a":1}' },
    { name: 'message', data: 'one\ntwo' },
    { name: 'last', data: 'x' },
  ];

  it('reads events with names, several lines and comments', () => {
    expect(new EventReader().read(text)).toEqual(events);
  });

  it.each([1, 2, 3, 7, 20])('reads the same events in pieces of %i characters', (size) => {
    const reader = new EventReader();
    const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
    expect(pieces.flatMap((piece) => reader.read(piece))).toEqual(events);
  });

  it('returns nothing for an event that is not complete', () => {
    expect(new EventReader().read('event: run\ndata: {}\n')).toEqual([]);
  });
});
