import { Command, InvalidArgumentError } from 'commander';
import { EX_CONFIG, loadConfigOrExit } from '#config';
import { ServiceError, hasErrorCode } from '#domain';
import { listAccounts } from './commands/accounts.command.js';
import { enqueueRenewals, enqueueTime } from './commands/jobs.command.js';
import { migrateDatabase } from './commands/migrate.command.js';
import { pause, resume } from './commands/pause.command.js';
import { erasePerson, exportPerson } from './commands/person.command.js';
import { failures, resync } from './commands/resync.command.js';
import { rotateKey } from './commands/rotate-key.command.js';
import { rotateWebhooks } from './commands/rotate-webhooks.command.js';
import { settings } from './commands/settings.command.js';
import { start } from './commands/start.command.js';
import { demo } from './demo/demo.js';

/** The database or the queue is unavailable. The same command may work later. */
const EX_TEMPFAIL = 75;

const printOut = (line: string) => process.stdout.write(`${line}\n`);
const printError = (line: string) => process.stderr.write(`${line}\n`);

function exitCodeOf(error: ServiceError): number {
  if (hasErrorCode(error, 'wrong_encryption_key', 'data_dir_held')) return EX_CONFIG;
  return error.kind === 'transient' ? EX_TEMPFAIL : 1;
}

function toHours(text: string): number {
  const hours = Number(text);
  if (!Number.isInteger(hours) || hours < 1 || hours > 2_160) throw new InvalidArgumentError('must be a whole number of hours, 1 to 2160');
  return hours;
}

function toMinutes(text: string): number {
  const minutes = Number(text);
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > 527_040) throw new InvalidArgumentError('must be whole minutes, 1 to 527040');
  return minutes;
}

function toAccountId(text: string): number {
  const id = Number(text);
  if (!/^[1-9]\d{0,15}$/.test(text) || !Number.isSafeInteger(id)) throw new InvalidArgumentError('must be the id of a Kommo account');
  return id;
}

const jobExitCodes = `
Exit codes:
  0   the jobs are enqueued
  1   an argument is invalid
  75  the database or the queue is unavailable; try again later
  78  the configuration is invalid`;

const rotationExitCodes = `
Exit codes:
  0   every value is encrypted with the current key
  1   some values are not; the output lists them
  75  the database is unavailable; try again later
  78  the key does not belong to the database`;

const webhookExitCodes = `
Exit codes:
  0   both vendors have the new URLs
  1   a vendor did not accept a new URL yet, or the account is not active
  75  the database is unavailable; try again later`;

const eraseExitCodes = `
Exit codes:
  0   done
  1   Unisender did not delete an address that this service added, or <email> is no e-mail address
  75  an account is busy; run the command again`;

const program = new Command('sync').description('Keeps Kommo contacts in Unisender lists').showHelpAfterError();

program
  .command('start')
  .description('run the API, a worker and the embedded queue until a signal')
  .action(async () => process.exit(await start(loadConfigOrExit())));
program
  .command('migrate')
  .description('update the database schema')
  .action(() => migrateDatabase(loadConfigOrExit(), printOut));
program
  .command('demo')
  .description('demonstrate the service with emulated Kommo and Unisender accounts')
  .option('--once', 'exit when done: 0 when both accounts are in sync, 1 when not')
  .action(async ({ once }: { once?: boolean }) => process.exit(await demo({ once: once ?? false })));
program
  .command('how-time')
  .description('enqueue a job that makes a worker print the time')
  .option('--json', 'print the result as JSON')
  .addHelpText('after', jobExitCodes)
  .action(({ json = false }: { json?: boolean }) => enqueueTime(loadConfigOrExit(), { json, print: printOut }));
program
  .command('update-accesses')
  .description('enqueue the renewal of every access token that expires within this number of hours')
  .argument('<hours>', 'whole hours, 1 to 2160', toHours)
  .option('--json', 'print the result as JSON')
  .addHelpText('after', jobExitCodes)
  .action((hours: number, { json = false }: { json?: boolean }) => enqueueRenewals(loadConfigOrExit(), hours, { json, print: printOut }));
program
  .command('accounts')
  .description('list the accounts')
  .option('--approve <id>', 'approve this account first, which waits because of APPROVE_ACCOUNTS', toAccountId)
  .option('--json', 'print the result as JSON')
  .action(({ approve, json = false }: { approve?: number; json?: boolean }) =>
    listAccounts(loadConfigOrExit(), { approve, json }, printOut),
  );
program
  .command('resync')
  .description('read a contact from Kommo again and push its addresses again')
  .argument('<what>', 'the id of a contact, an e-mail address, or all-failing')
  .option('--account <id>', 'needed when there are several accounts', toAccountId)
  .option('--json', 'print the result as JSON')
  .action((what: string, { account, json = false }: { account?: number; json?: boolean }) =>
    resync(loadConfigOrExit(), what, { accountId: account, json, print: printOut }),
  );
program
  .command('failures')
  .description('list the failing addresses of an account, or the buried jobs of all accounts')
  .option('--account <id>', 'list the failing addresses of this account', toAccountId)
  .option('--json', 'print one JSON object a line')
  .action(({ account, json = false }: { account?: number; json?: boolean }) =>
    failures(loadConfigOrExit(), account, { json, print: printOut }),
  );
program
  .command('pause')
  .description('stop the work of a tube, an account or a vendor')
  .argument('<what>', 'a tube, the id of an account, kommo or unisender')
  .option('--minutes <minutes>', 'end the pause by itself', toMinutes)
  .option('--reason <text>', 'shown with the pause')
  .option('--json', 'print the result as JSON')
  .action((what: string, { minutes, reason, json = false }: { minutes?: number; reason?: string; json?: boolean }) =>
    pause(loadConfigOrExit(), what, { minutes, reason, json, print: printOut }),
  );
program
  .command('resume')
  .description('end every pause of a tube, an account or a vendor, also one that a vendor caused')
  .argument('<what>', 'a tube, the id of an account, kommo or unisender')
  .option('--json', 'print the result as JSON')
  .action((what: string, { json = false }: { json?: boolean }) => resume(loadConfigOrExit(), what, { json, print: printOut }));
program
  .command('rotate-key')
  .description('encrypt every secret of the database with the current key; embedded mode creates a new key first')
  .option('--json', 'print the result as JSON')
  .addHelpText('after', rotationExitCodes)
  .action(async ({ json = false }: { json?: boolean }) => {
    process.exitCode = await rotateKey(loadConfigOrExit(), { json, print: printOut, printError });
  });
program
  .command('rotate-webhooks')
  .description('give accounts new secret webhook URLs; the former ones are valid for two hours')
  .option('--account <id>', 'only this Kommo account', toAccountId)
  .option('--json', 'print the result as JSON')
  .addHelpText('after', webhookExitCodes)
  .action(async ({ account, json = false }: { account?: number; json?: boolean }) => {
    process.exitCode = await rotateWebhooks(loadConfigOrExit(), { accountId: account, json }, printOut);
  });
program
  .command('export')
  .description('print everything that is stored about an e-mail address, as JSON')
  .argument('<email>')
  .option('--account <id>', 'only this Kommo account', toAccountId)
  .option('--json', 'has no effect: the result is always JSON')
  .action((email: string, { account }: { account?: number }) => exportPerson(loadConfigOrExit(), { email, accountId: account }, printOut));
program
  .command('erase')
  .description('erase everything that is stored about an e-mail address, and delete it in Unisender if this service added it')
  .argument('<email>')
  .option('--account <id>', 'only this Kommo account', toAccountId)
  .option('--json', 'print the result as JSON')
  .addHelpText('after', eraseExitCodes)
  .action(async (email: string, { account, json = false }: { account?: number; json?: boolean }) => {
    process.exitCode = await erasePerson(loadConfigOrExit(), { email, accountId: account, json }, printOut);
  });

program
  .command('settings')
  .description('show the settings of an account, or change them')
  .argument('<account>', 'id of a Kommo account', toAccountId)
  .argument('[changes...]', 'name=value, where the value is JSON or a text; null resets a setting')
  .option('--preview', 'only count the addresses that the changes would add and remove')
  .option('--json', 'print the result as JSON')
  .action((accountId: number, changes: string[], { preview = false, json = false }: { preview?: boolean; json?: boolean }) =>
    settings(loadConfigOrExit(), { accountId, changes, preview, json }, printOut),
  );

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof ServiceError)) throw error;
  printError(error.message);
  process.exitCode = exitCodeOf(error);
}
