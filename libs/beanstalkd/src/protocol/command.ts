import type { Connection } from '../core/connection.js';
import type { Job } from '../core/job.js';
import type { QueueState } from '../core/queue-state.js';
import type { Arguments } from './arguments.js';
import type { ServerInfo } from './statistics.js';

/** The session that a command works on: the client that sent it and the replies to it. */
export interface CommandContext {
  readonly state: QueueState;
  readonly connection: Connection;
  readonly serverInfo: ServerInfo;
  /** Largest body that `put` accepts, without its CR LF. */
  readonly maxJobBytes: number;
  /** Sends one reply line; CR LF is added. */
  reply(line: string): void;
  /** Sends `<word> <id> <bytes>` and the body of the job. */
  replyWithJob(word: 'RESERVED' | 'FOUND', job: Job): void;
  /** Sends `OK <bytes>` and `text`, which must be ASCII. */
  replyWithText(text: string): void;
  /** Reads the body of `job` from the client, `bytesWithLineEnd` long, then puts the job and replies. */
  receiveBody(job: Job, bytesWithLineEnd: number): void;
  /** Reads and drops `count` bytes from the client, then sends `reply`. */
  skipBytes(count: number, reply: string): void;
  /** Closes the connection after the replies so far have been sent. */
  close(): void;
}

/** One command of the protocol. */
export interface Command {
  /** Start of the command line. As in beanstalkd, `statsx` is a `stats` with bad arguments (BAD_FORMAT), not an unknown command. */
  readonly prefix: string;
  /** Parses the arguments, changes the queue and replies. Throws BadFormat before it changes anything but counters. */
  execute(context: CommandContext, args: Arguments): void;
}
