import type { Connection } from '../core/connection.js';
import type { Job } from '../core/job.js';
import type { QueueState } from '../core/queue-state.js';
import type { Arguments } from './arguments.js';
import type { ServerFacts } from './statistics.js';

/** What a command sees of the client that sent it. */
export interface CommandContext {
  readonly state: QueueState;
  readonly connection: Connection;
  readonly facts: ServerFacts;
  readonly maxJobBytes: number;
  reply(line: string): void;
  replyWithJob(word: 'RESERVED' | 'FOUND', job: Job): void;
  /** `text` behind an `OK <bytes>` line. */
  replyWithText(text: string): void;
  /** The job's body comes next in the stream; then the job is put. */
  receiveBody(job: Job, bytesWithLineEnd: number): void;
  /** Throws away that many bytes of the stream, then answers. */
  skipBytes(count: number, reply: string): void;
  close(): void;
}

/** One command: how its line begins, what its arguments are and what it answers. */
export interface Command {
  /** Compared with the beginning of the line, as beanstalkd does: `statsx` is a badly formed `stats`. */
  readonly prefix: string;
  execute(context: CommandContext, args: Arguments): void;
}
