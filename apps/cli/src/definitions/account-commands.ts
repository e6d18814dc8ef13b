import { Argument, Option } from 'commander';
import { type CommandSet, type JsonOption, accountArgument, runExits, toAccountId, toCount } from './command-set.js';

interface ConnectFlags {
  readonly clientId?: string;
  readonly clientSecretFile?: string;
  readonly redirectUri?: string;
  readonly keyFile?: string;
  readonly listId?: number;
  readonly listTitle?: string;
  readonly wait: boolean;
}

/** Defines the commands for the accounts. */
export function defineAccountCommands(commands: CommandSet): void {
  commands
    .define({
      name: 'accounts',
      description: 'list the accounts with their state and what needs attention',
      examples: ['accounts', 'accounts --approve 32000001', 'accounts --json'],
    })
    .addOption(new Option('--approve <id>', 'approve this account first, which waits because of APPROVE_ACCOUNTS').argParser(toAccountId))
    .action((options: JsonOption & { approve?: number }) =>
      commands.finish(options, async (context) => (await import('../commands/accounts.command.js')).runAccounts(context, options)),
    );
  commands
    .define({
      name: 'connect',
      description: 'connect an account step by step: integration, consent, Unisender key, list, import',
      examples: ['connect', 'connect 32000001', 'connect 32000001 --key-file unisender.key --list-title Customers'],
      exits: runExits,
    })
    .addArgument(accountArgument('the Kommo account; asked for when it is missing'))
    .option('--client-id <id>', 'the id of the integration in Kommo')
    .option('--client-secret-file <file>', 'a file with the secret key of the integration')
    .option('--redirect-uri <url>', 'the redirect URI of the integration (default: PUBLIC_URL/auth)')
    .option('--key-file <file>', 'a file with the Unisender API key')
    .addOption(new Option('--list-id <id>', 'the list that receives the contacts').argParser(toCount).conflicts('listTitle'))
    .option('--list-title <title>', 'the title of that list; it is created when it is missing')
    .option('--no-wait', 'do not wait for the end of the import')
    .action((account: number | undefined, options: JsonOption & ConnectFlags) =>
      commands.finish(options, async (context) => {
        const questions = commands.environment.questions ?? new (await import('../questions.js')).TerminalQuestions(context.terminal);
        return (await import('../commands/connect.command.js')).runConnect({ ...context, questions }, account, options);
      }),
    );
  commands
    .define({
      name: 'settings',
      description: 'show the settings of an account, or change them',
      examples: [
        'settings 32000001',
        `settings 32000001 include_tags='["vip"]' --preview`,
        'settings 32000001 write_back=false list_title=Customers',
      ],
    })
    .addArgument(new Argument('<account>', 'the Kommo account').argParser(toAccountId))
    .argument('[changes...]', 'name=value, where the value is JSON or a text; null resets a setting')
    .option('--preview', 'only count the addresses that the changes would add and remove')
    .action((account: number, changes: string[], options: JsonOption & { preview?: boolean }) =>
      commands.finish(options, async (context) =>
        (await import('../commands/settings.command.js')).runSettings(context, { ...options, account, changes }),
      ),
    );
}
