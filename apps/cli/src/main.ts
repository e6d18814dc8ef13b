import { Command, InvalidArgumentError } from 'commander';
import { EX_CONFIG, loadConfigOrExit } from '#config';
import { ServiceError } from '#domain';
import { putTime, renewAccesses } from './commands/jobs.command.js';
import { migrateDatabase } from './commands/migrate.command.js';
import { erasePerson, exportPerson } from './commands/person.command.js';
import { rotateKey } from './commands/rotate-key.command.js';
import { start } from './commands/start.command.js';
import { demo } from './demo/demo.js';

/** The service or what it stands on does not answer; the same command may work later. */
const EX_TEMPFAIL = 75;

const JOB_EXIT_CODES =
  '\nExit codes: 0 the jobs are put, 1 an argument is wrong, 75 database or queue is away (try again), 78 the configuration is wrong.';

const say = (line: string) => process.stdout.write(`${line}\n`);
const mutter = (line: string) => process.stderr.write(`${line}\n`);

function exitCodeOf({ kind, code }: ServiceError): number {
  if (code === 'wrong_encryption_key') return EX_CONFIG;
  return kind === 'transient' ? EX_TEMPFAIL : 1;
}

function toHours(text: string): number {
  const hours = Number(text);
  if (!Number.isInteger(hours) || hours < 1 || hours > 2_160) throw new InvalidArgumentError('must be a whole number of hours, 1 to 2160');
  return hours;
}

function toAccountId(text: string): number {
  const id = Number(text);
  if (!/^[1-9]\d{0,15}$/.test(text) || !Number.isSafeInteger(id)) throw new InvalidArgumentError('must be the id of a Kommo account');
  return id;
}

const program = new Command('sync').description('Keeps Kommo contacts in Unisender lists').showHelpAfterError();

program
  .command('start')
  .description('run the API, a worker and the embedded queue until a signal')
  .action(async () => process.exit(await start(loadConfigOrExit())));
program
  .command('migrate')
  .description('bring the database schema up to date')
  .action(() => migrateDatabase(loadConfigOrExit(), say));
program
  .command('demo')
  .description('show the whole service on emulated Kommo and Unisender accounts')
  .option('--once', 'exit when done: 0 when both accounts are in sync, 1 when not')
  .action(async ({ once }: { once?: boolean }) => process.exit(await demo({ once: once ?? false })));
program
  .command('how-time')
  .description('put a job that makes a worker print the time')
  .option('--json', 'the result as JSON')
  .addHelpText('after', JOB_EXIT_CODES)
  .action(({ json = false }: { json?: boolean }) => putTime(loadConfigOrExit(), { json, say }));
program
  .command('update-accesses')
  .description('put jobs that renew every access token that expires within so many hours')
  .argument('<hours>', 'whole hours, 1 to 2160', toHours)
  .option('--json', 'the result as JSON')
  .addHelpText('after', JOB_EXIT_CODES)
  .action((hours: number, { json = false }: { json?: boolean }) => renewAccesses(loadConfigOrExit(), hours, { json, say }));
program
  .command('rotate-key')
  .description('seal every secret in the database with the current encryption key; a new one where we keep it ourselves')
  .option('--json', 'the result as JSON')
  .addHelpText('after', '\nExit codes: 0 done, 1 something is left, 75 the database is away, 78 the key is not the one of the database.')
  .action(async ({ json = false }: { json?: boolean }) => {
    process.exitCode = await rotateKey(loadConfigOrExit(), { json, say, mutter });
  });

const personHelp =
  '\nExit codes: 0 done, 1 Unisender kept what we had put there, or no address was given, 75 something is busy: run it again.';
program
  .command('export')
  .description('print everything that is kept about an e-mail address, as JSON')
  .argument('<email>')
  .option('--account <id>', 'of one Kommo account only', toAccountId)
  .option('--json', 'as it is anyway')
  .action((email: string, { account }: { account?: number }) => exportPerson(loadConfigOrExit(), { email, accountId: account }, say));
program
  .command('erase')
  .description('forget everything that is kept about an e-mail address, and delete it in Unisender where we put it')
  .argument('<email>')
  .option('--account <id>', 'in one Kommo account only', toAccountId)
  .option('--json', 'the result as JSON')
  .addHelpText('after', personHelp)
  .action(async (email: string, { account, json = false }: { account?: number; json?: boolean }) => {
    process.exitCode = await erasePerson(loadConfigOrExit(), { email, accountId: account, json }, say);
  });

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof ServiceError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = exitCodeOf(error);
}
