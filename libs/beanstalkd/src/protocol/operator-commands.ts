import type { Job } from '../core/job.js';
import { parseTubeName } from './arguments.js';
import type { Command, CommandContext } from './command.js';
import { describeJob, describeServer, describeTube, listNames } from './statistics.js';

function replyFound(context: CommandContext, job: Job | undefined): void {
  if (job) context.replyWithJob('FOUND', job);
  else context.reply('NOT_FOUND');
}

/** `peek <id>`: shows a job in any state and leaves it as it is. Replies FOUND or NOT_FOUND. */
export const peek: Command = {
  prefix: 'peek ',
  execute(context, args) {
    const id = args.uint64();
    args.end();
    context.state.counters.commands.peek += 1;
    replyFound(context, context.state.find(id));
  },
};

function peekFirst(place: 'ready' | 'delayed' | 'buried'): Command {
  return {
    prefix: `peek-${place}`,
    execute(context, args) {
      args.end();
      context.state.counters.commands[`peek-${place}`] += 1;
      replyFound(context, context.connection.used[place].peek());
    },
  };
}

/** `peek-ready`: shows the most urgent ready job of the used tube. Replies FOUND or NOT_FOUND. */
export const peekReady = peekFirst('ready');
/** `peek-delayed`: shows the delayed job of the used tube that becomes ready first. Replies FOUND or NOT_FOUND. */
export const peekDelayed = peekFirst('delayed');
/** `peek-buried`: shows the job of the used tube that was buried first. Replies FOUND or NOT_FOUND. */
export const peekBuried = peekFirst('buried');

/** `kick <bound>`: makes up to that many buried jobs of the used tube ready, or delayed jobs if none is buried. Replies KICKED <count>. */
export const kick: Command = {
  prefix: 'kick ',
  execute(context, args) {
    const bound = args.wrappedUint32();
    context.state.counters.commands.kick += 1;
    context.reply(`KICKED ${context.state.kick(context.connection.used, bound)}`);
  },
};

/** `kick-job <id>`: makes a buried or delayed job ready. Replies KICKED or NOT_FOUND. As in beanstalkd, not counted in `stats`. */
export const kickJob: Command = {
  prefix: 'kick-job ',
  execute(context, args) {
    const id = args.uint64();
    args.end();
    context.reply(context.state.kickJob(id) ? 'KICKED' : 'NOT_FOUND');
  },
};

/**
 * `pause-tube <tube> <delay>`: gives out no job of the tube for that many seconds. Replies PAUSED or NOT_FOUND. As in
 * beanstalkd 1.12, the space behind `pause-tube` may be missing.
 */
export const pauseTube: Command = {
  prefix: 'pause-tube',
  execute(context, args) {
    const name = args.nameRun();
    const durationMs = args.duration();
    args.end();
    context.state.counters.commands['pause-tube'] += 1;
    const tube = context.state.tubes.find(parseTubeName(name));
    if (!tube) return context.reply('NOT_FOUND');
    context.state.pause(tube, durationMs);
    context.reply('PAUSED');
  },
};

/** `stats-job <id>`: replies OK and YAML data about the job, or NOT_FOUND. */
export const statsJob: Command = {
  prefix: 'stats-job ',
  execute(context, args) {
    const id = args.uint64();
    args.end();
    context.state.counters.commands['stats-job'] += 1;
    const job = context.state.find(id);
    if (job) context.replyWithText(describeJob(job, context.state.nowMs));
    else context.reply('NOT_FOUND');
  },
};

/** `stats-tube <tube>`: replies OK and YAML data about the tube, or NOT_FOUND. */
export const statsTube: Command = {
  prefix: 'stats-tube ',
  execute(context, args) {
    const name = args.tubeName();
    context.state.counters.commands['stats-tube'] += 1;
    const tube = context.state.tubes.find(name);
    if (tube) context.replyWithText(describeTube(tube, context.state.nowMs));
    else context.reply('NOT_FOUND');
  },
};

/** `stats`: replies OK and YAML data about the server. */
export const stats: Command = {
  prefix: 'stats',
  execute(context, args) {
    args.end();
    context.state.counters.commands.stats += 1;
    context.replyWithText(describeServer(context.state, context.serverInfo, context.maxJobBytes));
  },
};

/** `list-tubes`: replies OK and a YAML list of all tubes. */
export const listTubes: Command = {
  prefix: 'list-tubes',
  execute(context, args) {
    args.end();
    context.state.counters.commands['list-tubes'] += 1;
    context.replyWithText(listNames(context.state.tubes.list()));
  },
};

/** `list-tube-used`: replies USING and the tube that later puts go to. */
export const listTubeUsed: Command = {
  prefix: 'list-tube-used',
  execute(context, args) {
    args.end();
    context.state.counters.commands['list-tube-used'] += 1;
    context.reply(`USING ${context.connection.used.name}`);
  },
};

/** `list-tubes-watched`: replies OK and a YAML list of the watch list. */
export const listTubesWatched: Command = {
  prefix: 'list-tubes-watched',
  execute(context, args) {
    args.end();
    context.state.counters.commands['list-tubes-watched'] += 1;
    context.replyWithText(listNames(context.connection.watched.values()));
  },
};

/** `quit`: closes the connection without a reply. */
export const quit: Command = {
  prefix: 'quit',
  execute(context) {
    context.close();
  },
};
