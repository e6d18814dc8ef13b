import { Option } from 'commander';
import { exitCodes } from '../output/exit-code.js';
import { reportError } from '../output/report-error.js';
import { type CommandSet, type JsonOption, toAccountId, toHours, toPort } from './command-set.js';

/** Defines the commands for the service itself. */
export function defineServiceCommands(commands: CommandSet): void {
  commands
    .define({
      name: 'rotate-key',
      description: 'encrypt every secret of the database with the current key; embedded mode creates a new key first',
      examples: ['rotate-key'],
      exits: { [exitCodes.failed]: 'some values have another key; the output lists them' },
    })
    .action((options: JsonOption) =>
      commands.finish(options, async (context) => (await import('../commands/rotate-key.command.js')).runRotateKey(context)),
    );
  commands
    .define({
      name: 'rotate-webhooks',
      description: 'give accounts new secret webhook URLs; the former ones are valid for two hours',
      examples: ['rotate-webhooks', 'rotate-webhooks --account 32000001'],
      exits: { [exitCodes.failed]: 'a vendor did not accept a new URL yet' },
    })
    .addOption(new Option('--account <id>', 'only this Kommo account').argParser(toAccountId))
    .action((options: JsonOption & { account?: number }) =>
      commands.finish(options, async (context) =>
        (await import('../commands/rotate-webhooks.command.js')).runRotateWebhooks(context, options),
      ),
    );
  commands
    .define({
      name: 'update-accesses',
      description: 'enqueue the renewal of every access token that expires within this number of hours',
      examples: ['update-accesses 24'],
    })
    .argument('<hours>', 'whole hours, 1 to 2160', toHours)
    .action((hours: number, options: JsonOption) =>
      commands.finish(options, async (context) => (await import('../commands/jobs.command.js')).runUpdateAccesses(context, hours)),
    );
  commands
    .define({
      name: 'doctor',
      description: 'find what is wrong with the installation, and what to do about it',
      examples: ['doctor', 'doctor --json'],
      exits: { [exitCodes.failed]: 'it found an error or a warning' },
    })
    .action((options: JsonOption) =>
      commands.finish(options, async (context) => (await import('../commands/doctor.command.js')).runDoctor(context)),
    );
  commands
    .define({ name: 'migrate', description: 'update the database schema', examples: ['migrate'] })
    .action((options: JsonOption) =>
      commands.finish(options, async (context) => (await import('../commands/migrate.command.js')).runMigrate(context)),
    );
  commands
    .define({
      name: 'backup',
      description: 'copy the database, and the encryption key of DATA_DIR, into one file; the service may run',
      examples: ['backup', 'backup --to /mnt/backups', 'backup --to sync.backup --json'],
      exits: { [exitCodes.configuration]: 'the configuration is invalid, or the disk is full' },
    })
    .option('--to <path>', 'the file, or a folder (default: DATA_DIR/backups)')
    .action((options: JsonOption & { to?: string }) =>
      commands.finish(options, async (context) => (await import('../commands/backup.command.js')).runBackup(context, options)),
    );
  commands
    .define({
      name: 'restore',
      description: 'replace the database by a backup, and keep the replaced one; the service must be stopped',
      examples: ['restore data/backups/kommo-unisender-sync-20261127T030000Z.backup', 'restore data/sync.sqlite.before-0.2.0'],
      exits: { [exitCodes.refused]: 'the backup is damaged, or the MySQL database is not empty; nothing was changed' },
    })
    .argument('<file>', 'a backup, or the copy from before an upgrade')
    .action((file: string, options: JsonOption) =>
      commands.finish(options, async (context) => (await import('../commands/restore.command.js')).runRestore(context, file)),
    );
  commands
    .define({
      name: 'migrate-to',
      description: 'copy the SQLite database into an empty MySQL database, or continue that copy',
      examples: ['migrate-to mysql://sync:password@db.example.com:3306/sync', 'migrate-to --url-file database.url'],
      exits: {
        [exitCodes.unavailable]: 'a database is unavailable, or its schema does not fit',
        [exitCodes.refused]: 'the target holds other data',
      },
    })
    .argument('[database_url]', 'the MySQL or MariaDB database')
    .option('--url-file <file>', 'a file with the URL; other users can see the arguments of a process')
    .action((url: string | undefined, options: JsonOption & { urlFile?: string }) =>
      commands.finish(options, async (context) =>
        (await import('../commands/migrate-to.command.js')).runMigrateTo(context, { ...options, url }),
      ),
    );
  commands.program
    .command('start')
    .description('run the API, a worker and the embedded queue until a signal')
    .action(() => run(commands, async () => (await import('../commands/start.command.js')).start(commands.environment.loadConfig())));
  commands.program
    .command('demo')
    .description('demonstrate the service with emulated Kommo and Unisender accounts')
    .option('--once', 'exit when done: 0 when both accounts are in sync, 1 when not')
    .option('--host <address>', 'address to listen on; containers need 0.0.0.0', '127.0.0.1')
    .addOption(
      new Option('--port <port>', 'port to listen on; default: PORT, else 8080, or a free port when 8080 is in use').argParser(toPort),
    )
    .action(({ once = false, host, port }: { once?: boolean; host: string; port?: number }) =>
      run(commands, async () => (await import('../demo/demo.js')).demo({ once, host, port })),
    );
}

/** Runs a program that ends the process itself: it may leave timers and sockets. */
async function run(commands: CommandSet, program: () => Promise<number>): Promise<void> {
  try {
    process.exit(await program());
  } catch (error) {
    process.exit(reportError(error, commands.environment.terminal, false));
  }
}
