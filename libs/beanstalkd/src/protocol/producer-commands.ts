import type { Command } from './command.js';

/** protocol.txt: the server increases a lower time-to-run silently. */
const shortestTtrMs = 1000;

/**
 * `put <pri> <delay> <ttr> <bytes>` and the body: adds a job to the used tube. Replies INSERTED, EXPECTED_CRLF, JOB_TOO_BIG,
 * DRAINING, or OUT_OF_MEMORY when the log's disk is full.
 */
export const put: Command = {
  prefix: 'put ',
  execute(context, args) {
    const priority = args.uint32();
    const delayMs = args.duration();
    const ttrMs = Math.max(args.duration(), shortestTtrMs);
    const bodyBytes = args.uint32();
    context.state.counters.commands.put += 1;
    if (bodyBytes > context.maxJobBytes) return context.skipBytes(bodyBytes + 2, 'JOB_TOO_BIG');
    args.end();
    context.state.markProducer(context.connection);
    context.receiveBody(context.state.createJob(context.connection, { priority, delayMs, ttrMs }), bodyBytes + 2);
  },
};

/** `use <tube>`: sets the tube for later puts. Replies USING. */
export const use: Command = {
  prefix: 'use ',
  execute(context, args) {
    const name = args.tubeName();
    context.state.counters.commands.use += 1;
    context.state.use(context.connection, name);
    context.reply(`USING ${name}`);
  },
};
