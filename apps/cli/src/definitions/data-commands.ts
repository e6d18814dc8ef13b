import { Option } from 'commander';
import { exitCodes } from '../output/exit-code.js';
import { type CommandSet, type JsonOption, accountOption, limitOption, toAccountId } from './command-set.js';

/** Defines the commands for addresses and personal data. */
export function defineDataCommands(commands: CommandSet): void {
  commands
    .define({
      name: 'resync',
      description: 'read a contact from Kommo again and push its addresses again',
      examples: ['resync 7001', 'resync anna@example.org --account 32000001', 'resync all-failing'],
    })
    .argument('<contact>', 'the id of a contact, an e-mail address, or all-failing')
    .addOption(accountOption())
    .action((what: string, options: JsonOption & { account?: number }) =>
      commands.finish(options, async (context) => (await import('../commands/resync.command.js')).runResync(context, what, options)),
    );
  commands
    .define({
      name: 'failures',
      description: 'list the failing addresses of an account, or the buried jobs of all accounts',
      examples: ['failures', 'failures --account 32000001', 'failures --json'],
    })
    .addOption(new Option('--account <id>', 'list the failing addresses of this account').argParser(toAccountId))
    .addOption(limitOption(1_000))
    .action((options: JsonOption & { account?: number; limit: number }) =>
      commands.finish(options, async (context) => (await import('../commands/resync.command.js')).runFailures(context, options)),
    );
  commands
    .define({
      name: 'export',
      description: 'print everything that is stored about an e-mail address, as JSON',
      examples: ['export anna@example.org', 'export anna@example.org --account 32000001'],
    })
    .argument('<email>')
    .addOption(new Option('--account <id>', 'only this Kommo account').argParser(toAccountId))
    .action((email: string, options: JsonOption & { account?: number }) =>
      commands.finish(options, async (context) =>
        (await import('../commands/person.command.js')).runExport(context, { email, accountId: options.account }),
      ),
    );
  commands
    .define({
      name: 'erase',
      description: 'erase everything that is stored about an e-mail address, and delete it in Unisender if this service added it',
      examples: ['erase anna@example.org', 'erase anna@example.org --account 32000001'],
      exits: { [exitCodes.failed]: 'Unisender did not delete an address that this service added' },
    })
    .argument('<email>')
    .addOption(new Option('--account <id>', 'only this Kommo account').argParser(toAccountId))
    .action((email: string, options: JsonOption & { account?: number }) =>
      commands.finish(options, async (context) =>
        (await import('../commands/person.command.js')).runErase(context, { email, accountId: options.account }),
      ),
    );
}
