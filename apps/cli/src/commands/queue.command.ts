import { type JobRef, type JobView, QueueAdmin, QueueClient } from '#queue';
import type { CommandContext } from '../command-context.js';
import { type CommandResult, count, toResult } from '../output/result.js';
import { type Cell, renderTable } from '../output/table.js';
import { toTube } from './known-word.js';
import { type SyncSession, withSync } from './with-sync.js';

const JOB_ID = /^\d{1,19}$/;
/** More jobs than any tube has. */
const ALL = 1_000_000_000;

const mark = (number: number, isBad: boolean): Cell => (isBad && number > 0 ? { text: number, tone: 'attention' } : number);

/** Shows the jobs of every tube by state, and the queue servers. */
export async function runQueues(context: CommandContext): Promise<CommandResult> {
  const { servers, queues } = await withSync(context, async (session) => {
    const queue = session.get(QueueClient);
    return { queues: await queue.listTubeStatistics(), servers: await queue.listServers() };
  });
  const head = ['tube', 'ready', 'reserved', 'delayed', 'buried', 'workers waiting', 'paused for', 'server'];
  const rows = queues.map(({ tube, ready, reserved, delayed, buried, waiting, paused, pausedSecondsLeft, server }): Cell[] => [
    tube,
    ready,
    reserved,
    delayed,
    mark(buried, true),
    waiting,
    paused ? { text: `${pausedSecondsLeft} s`, tone: 'attention' } : null,
    server,
  ]);
  const down = servers.flatMap((server) => (server.isUp ? [] : [`${server.server} does not reply: ${server.problem}`]));
  return { document: { queues, servers }, toLines: (stream) => [...renderTable(stream, head, rows), ...down] };
}

const states = ['ready', 'delayed', 'buried'] as const;

const toJobRow = ({ id, state, body, ageSeconds, reserves, releases, timeouts, server }: JobView): Cell[] => [
  id,
  state,
  body,
  `${ageSeconds} s`,
  reserves,
  releases,
  timeouts,
  server,
];

/** Shows the next job of a tube in each state, or in one state. */
export async function runPeek(
  context: CommandContext,
  name: string,
  { state }: { readonly state?: (typeof states)[number] },
): Promise<CommandResult> {
  const tube = toTube(name);
  const jobs = await withSync(context, async (session) => {
    const queue = session.get(QueueClient);
    const found = await Promise.all((state === undefined ? states : [state]).map((each) => queue.peek(tube, each)));
    return found.flat();
  });
  const head = ['job', 'state', 'body', 'age', 'reserves', 'releases', 'timeouts', 'server'];
  return {
    document: { tube, jobs },
    toLines: (stream) => (jobs.length === 0 ? [`The tube ${tube} has no such job.`] : renderTable(stream, head, jobs.map(toJobRow))),
  };
}

/** Which jobs a command changes. */
export interface JobChoice {
  /** How many jobs of the tube, on each server. */
  readonly count?: number;
  readonly all?: boolean;
  /** The server of a single job. */
  readonly server?: string;
}

const pastTense = { kick: 'made ready', bury: 'buried' } as const;

/** Kicks or buries jobs of a tube, or one job by its id. Throws InvalidInputError as {@link QueueAdmin.change} does. */
export async function runJobChange(
  context: CommandContext,
  verb: keyof typeof pastTense,
  { what, count: number = 1, all = false, server }: JobChoice & { readonly what: string },
): Promise<CommandResult> {
  const isJob = JOB_ID.test(what);
  if (!isJob) toTube(what);
  const jobs = await withSync(context, (session) => {
    if (isJob) return session.audited(`job.${verb}`, { job_id: what }, () => changeJob(session, verb, { id: what, server }));
    return session.audited(`tube.${verb}`, { tube: what }, () => session.get(QueueClient)[verb](toTube(what), all ? ALL : number));
  });
  return toResult({ jobs }, `${count(jobs, 'job')} ${pastTense[verb]}.`);
}

async function changeJob(session: SyncSession, verb: keyof typeof pastTense, job: JobRef): Promise<number> {
  await session.get(QueueAdmin).change(verb, job);
  return 1;
}
