import { Option } from 'commander';
import { type CommandSet, type JsonOption, toCount, toMinutes } from './command-set.js';

function defineJobChange(commands: CommandSet, verb: 'kick' | 'bury', description: string, examples: readonly string[]): void {
  commands
    .define({ name: verb, description, examples })
    .argument('<what>', 'a tube, or the id of a job')
    .addOption(new Option('--count <n>', 'how many jobs of the tube, on each queue server').argParser(toCount).conflicts('all'))
    .option('--all', 'all jobs of the tube')
    .option('--server <server>', 'the queue server of the job, as "queues" shows it')
    .action((what: string, options: JsonOption & { count?: number; all?: boolean; server?: string }) =>
      commands.finish(options, async (context) =>
        (await import('../commands/queue.command.js')).runJobChange(context, verb, { ...options, what }),
      ),
    );
}

/** Defines the commands for the queue. */
export function defineQueueCommands(commands: CommandSet): void {
  commands
    .define({
      name: 'queues',
      description: 'show the jobs of every tube by state, and the queue servers',
      examples: ['queues', 'queues --json'],
    })
    .action((options: JsonOption) =>
      commands.finish(options, async (context) => (await import('../commands/queue.command.js')).runQueues(context)),
    );
  commands
    .define({
      name: 'peek',
      description: 'show the next job of a tube in each state',
      examples: ['peek contacts', 'peek imports --state buried'],
    })
    .argument('<tube>', 'contacts, imports, accesses, write-backs or times')
    .addOption(new Option('--state <state>', 'only this state').choices(['ready', 'delayed', 'buried']))
    .action((tube: string, options: JsonOption & { state?: 'ready' | 'delayed' | 'buried' }) =>
      commands.finish(options, async (context) => (await import('../commands/queue.command.js')).runPeek(context, tube, options)),
    );
  defineJobChange(commands, 'kick', 'make buried or delayed jobs ready again', ['kick contacts', 'kick contacts --all', 'kick 1234']);
  defineJobChange(commands, 'bury', 'put ready jobs aside until they are kicked', ['bury contacts --count 10', 'bury 1234']);
  commands
    .define({
      name: 'pause',
      description: 'stop the work of a tube, an account or a vendor',
      examples: ['pause contacts', 'pause 32000001 --minutes 60 --reason "tax audit"', 'pause unisender'],
    })
    .argument('<what>', 'a tube, the id of an account, kommo or unisender')
    .addOption(new Option('--minutes <minutes>', 'end the pause after this time').argParser(toMinutes))
    .option('--reason <text>', 'shown with the pause')
    .action((what: string, options: JsonOption & { minutes?: number; reason?: string }) =>
      commands.finish(options, async (context) => (await import('../commands/pause.command.js')).runPause(context, what, options)),
    );
  commands
    .define({
      name: 'resume',
      description: 'end every pause of a tube, an account or a vendor, also one that a vendor caused',
      examples: ['resume contacts', 'resume 32000001', 'resume unisender'],
    })
    .argument('<what>', 'a tube, the id of an account, kommo or unisender')
    .action((what: string, options: JsonOption) =>
      commands.finish(options, async (context) => (await import('../commands/pause.command.js')).runResume(context, what)),
    );
  commands
    .define({
      name: 'how-time',
      description: 'enqueue a job that makes a worker print the time',
      examples: ['how-time'],
    })
    .action((options: JsonOption) =>
      commands.finish(options, async (context) => (await import('../commands/jobs.command.js')).runHowTime(context)),
    );
}
