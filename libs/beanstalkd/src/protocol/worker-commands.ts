import type { ChangeOutcome } from '../core/queue-state.js';
import type { Command, CommandContext } from './command.js';

function reserveWithin(context: CommandContext, timeoutMs: number): void {
  const { state, connection } = context;
  state.markWorker(connection);
  if (state.mustReplyDeadlineSoon(connection)) return context.reply('DEADLINE_SOON');
  const job = state.reserve(connection, timeoutMs);
  if (job) context.replyWithJob('RESERVED', job);
}

/**
 * `reserve`: reserves the most urgent ready job of the watched tubes, and waits for one without limit. Replies RESERVED,
 * DEADLINE_SOON, or TIMED_OUT when the client closes its half of the connection.
 */
export const reserve: Command = {
  prefix: 'reserve',
  execute(context, args) {
    args.end();
    context.state.counters.commands.reserve += 1;
    reserveWithin(context, Infinity);
  },
};

/** `reserve-with-timeout <seconds>`: as `reserve`, and waits that long at most. As in beanstalkd, a negative number waits without limit. */
export const reserveWithTimeout: Command = {
  prefix: 'reserve-with-timeout ',
  execute(context, args) {
    const seconds = args.int32();
    context.state.counters.commands['reserve-with-timeout'] += 1;
    reserveWithin(context, seconds < 0 ? Infinity : seconds * 1000);
  },
};

/** `reserve-job <id>`: reserves a ready, delayed or buried job. Replies RESERVED or NOT_FOUND. As in beanstalkd, not counted in `stats`. */
export const reserveJob: Command = {
  prefix: 'reserve-job ',
  execute(context, args) {
    const id = args.uint64();
    args.end();
    const job = context.state.reserveById(context.connection, id);
    if (job) context.replyWithJob('RESERVED', job);
    else context.reply('NOT_FOUND');
  },
};

/** `delete <id>`: deletes a job that this client or no client has reserved. Replies DELETED or NOT_FOUND. */
export const deleteJob: Command = {
  prefix: 'delete ',
  execute(context, args) {
    const id = args.uint64();
    args.end();
    context.state.counters.commands.delete += 1;
    context.reply(context.state.delete(context.connection, id) ? 'DELETED' : 'NOT_FOUND');
  },
};

const releaseReplies: Readonly<Record<ChangeOutcome, string>> = { done: 'RELEASED', 'not-found': 'NOT_FOUND', 'no-room': 'OUT_OF_MEMORY' };

/**
 * `release <id> <pri> <delay>`: makes a reserved job ready or delayed again. Replies RELEASED or NOT_FOUND, or OUT_OF_MEMORY
 * when the log's disk is full: then the job stays reserved, unlike in beanstalkd 1.12.
 */
export const release: Command = {
  prefix: 'release ',
  execute(context, args) {
    const id = args.uint64();
    const priority = args.uint32();
    const delayMs = args.duration();
    args.end();
    context.state.counters.commands.release += 1;
    context.reply(releaseReplies[context.state.release(context.connection, id, priority, delayMs)]);
  },
};

const buryReplies: Readonly<Record<ChangeOutcome, string>> = { done: 'BURIED', 'not-found': 'NOT_FOUND', 'no-room': 'INTERNAL_ERROR' };

/**
 * `bury <id> <pri>`: buries a reserved job. Replies BURIED or NOT_FOUND, or INTERNAL_ERROR when the log's disk is full: then
 * the job stays reserved, unlike in beanstalkd 1.12.
 */
export const bury: Command = {
  prefix: 'bury ',
  execute(context, args) {
    const id = args.uint64();
    const priority = args.uint32();
    args.end();
    context.state.counters.commands.bury += 1;
    context.reply(buryReplies[context.state.bury(context.connection, id, priority)]);
  },
};

/** `touch <id>`: restarts the time-to-run of a reserved job. Replies TOUCHED or NOT_FOUND. */
export const touch: Command = {
  prefix: 'touch ',
  execute(context, args) {
    const id = args.uint64();
    args.end();
    context.state.counters.commands.touch += 1;
    context.reply(context.state.touch(context.connection, id) ? 'TOUCHED' : 'NOT_FOUND');
  },
};

/** `watch <tube>`: adds a tube to the watch list. Replies WATCHING <count>. */
export const watch: Command = {
  prefix: 'watch ',
  execute(context, args) {
    const name = args.tubeName();
    context.state.counters.commands.watch += 1;
    context.state.watch(context.connection, context.state.tubes.ensure(name));
    context.reply(`WATCHING ${context.connection.watched.size}`);
  },
};

/** `ignore <tube>`: removes a tube from the watch list. Replies WATCHING <count>, or NOT_IGNORED for the only tube. */
export const ignore: Command = {
  prefix: 'ignore ',
  execute(context, args) {
    const name = args.tubeName();
    context.state.counters.commands.ignore += 1;
    const isDone = context.state.ignore(context.connection, name);
    context.reply(isDone ? `WATCHING ${context.connection.watched.size}` : 'NOT_IGNORED');
  },
};
