import type { Command } from 'commander';
import { type CommandSet, type JsonOption, accountArgument, limitOption, runExits, waitOption } from './command-set.js';

interface RunsFlags {
  readonly run?: string;
  readonly confirm?: string;
  readonly cancel?: string;
  readonly wait?: boolean;
  readonly limit: number;
}

function defineRun(commands: CommandSet, mode: 'import' | 'reconcile', description: string, examples: readonly string[]): Command {
  return commands
    .define({ name: mode, description, examples, exits: runExits })
    .addArgument(accountArgument())
    .addOption(waitOption())
    .action((account: number | undefined, options: JsonOption & { wait?: boolean; preview?: boolean }) =>
      commands.finish(options, async (context) => {
        const { runStart } = await import('../commands/runs.command.js');
        return runStart(context, options.preview ? 'preview' : mode, { ...options, account });
      }),
    );
}

/** Defines the commands for the runs. */
export function defineRunCommands(commands: CommandSet): void {
  defineRun(commands, 'import', 'push every contact of Kommo to Unisender', ['import', 'import 32000001 --wait']);
  defineRun(commands, 'reconcile', 'compare Kommo with Unisender and repair every difference', [
    'reconcile 32000001 --wait',
    'reconcile 32000001 --preview --wait',
  ]).option('--preview', 'only count what a reconciliation would change');
  commands
    .define({
      name: 'runs',
      description: 'list the runs of an account; show, confirm or cancel one',
      examples: ['runs 32000001', 'runs 32000001 --run <run id> --wait', 'runs 32000001 --confirm <run id>'],
      exits: runExits,
    })
    .addArgument(accountArgument())
    .option('--run <id>', 'show this run')
    .option('--confirm <id>', 'let this run do the removals that it has planned')
    .option('--cancel <id>', 'cancel this run')
    .addOption(waitOption())
    .addOption(limitOption(20))
    .action((account: number | undefined, options: JsonOption & RunsFlags) =>
      commands.finish(options, async (context) => (await import('../commands/runs.command.js')).runRuns(context, account, options)),
    );
}
