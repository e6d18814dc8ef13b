import { describe, expect, it } from '@jest/globals';
import { QueueState } from '../core/queue-state.js';
import { Session } from './session.js';
import type { ServerInfo } from './statistics.js';

const serverInfo: ServerInfo = {
  pid: 1,
  version: '1.12',
  instanceId: '0',
  hostname: 'host',
  os: 'os',
  platform: 'platform',
  startedAtMs: 0,
  cpuMicroseconds: () => ({ user: 0, system: 0 }),
};

function openSession(): Session {
  return new Session({ state: new QueueState(0), serverInfo, maxJobBytes: 65_535, onOutput: () => {} });
}

const send = (session: Session, text: string) => session.receive(Buffer.from(text, 'latin1'));
const takeReplies = (session: Session) =>
  session.replies
    .take()
    .parts.map((part) => part.toString('latin1'))
    .join('');

describe('Session', () => {
  it.each([
    ['a large body', 'peek 1', 65_000],
    ['a small body', 'peek 1', 10],
    ['statistics', 'stats', 10],
  ])('stops serving when the replies are full, and serves the rest after they are sent: %s', (_name, command, bodyBytes) => {
    const session = openSession();
    send(session, `put 0 0 60 ${bodyBytes}\r\n${'x'.repeat(bodyBytes)}\r\n`);
    takeReplies(session);
    send(session, `${command}\r\n`.repeat(5_000));
    const replies: string[] = [];
    for (; !session.replies.isEmpty; session.proceed()) replies.push(takeReplies(session));
    expect(Math.max(...replies.map(({ length }) => length))).toBeLessThan(200_000);
    expect(replies.join('').match(/^(FOUND 1|OK) \d+\r$/gm)).toHaveLength(5_000);
  });

  it('is not over while commands from before the end of the input still wait to be served', () => {
    const session = openSession();
    send(session, 'stats\r\n'.repeat(500));
    session.endInput();
    expect(session.isOver).toBe(false);
    let replies = 0;
    while (!session.replies.isEmpty) {
      replies += takeReplies(session).split('OK ').length - 1;
      session.proceed();
    }
    expect([replies, session.isOver]).toEqual([500, true]);
  });
});
