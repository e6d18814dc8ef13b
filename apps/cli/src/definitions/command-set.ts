import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import type { CommandContext, Questions } from '../command-context.js';
import { exitCodes } from '../output/exit-code.js';
import { reportError } from '../output/report-error.js';
import { type CommandResult, printResult } from '../output/result.js';

/** What the program needs from its process. */
export interface ProgramEnvironment extends Omit<CommandContext, 'questions'> {
  /** Asked instead of the human at the terminal. */
  readonly questions?: Questions;
}

/** A command of the operator before its arguments and options. */
interface Definition {
  readonly name: string;
  readonly description: string;
  /** Without the name of the program. */
  readonly examples: readonly string[];
  /** What the codes mean that are special to this command. */
  readonly exits?: Readonly<Record<number, string>>;
}

/** The option that every command of the operator has. */
export interface JsonOption {
  readonly json?: boolean;
}

const commonExits: Readonly<Record<number, string>> = {
  [exitCodes.done]: 'done',
  [exitCodes.failed]: 'failed',
  [exitCodes.usage]: 'wrong command, argument or option',
  [exitCodes.unavailable]: 'the database, the queue or a vendor is unavailable, or the schema does not fit',
  [exitCodes.refused]: 'a vendor or the state of the account refuses it',
  [exitCodes.configuration]: 'the configuration is invalid, or another process holds DATA_DIR',
};

/** The exit codes that are special to commands with a run. */
export const runExits = {
  [exitCodes.failed]: 'the run failed or was cancelled (with --wait)',
  [exitCodes.waiting]: 'the run waits for a confirmation (with --wait)',
  [exitCodes.interrupted]: 'Ctrl-C ended the waiting; the run continues',
};

const indent = (lines: readonly string[]) => lines.map((line) => `  ${line}`).join('\n');

function toHelp(program: string, { examples, exits = {} }: Definition): string {
  const codes = Object.entries({ ...commonExits, ...exits }).map(([code, meaning]) => `${code.padEnd(4)} ${meaning}`);
  return `\nExamples:\n${indent(examples.map((example) => `$ ${program} ${example}`))}\n\nExit codes:\n${indent(codes)}`;
}

const wholeNumber =
  (min: number, max: number, what: string) =>
  (text: string): number => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be ${what}, ${min} to ${max}.`);
  };

/** Parses the argument of `update-accesses`. */
export const toHours = wholeNumber(1, 2_160, 'a whole number of hours');
/** Parses the length of a pause. */
export const toMinutes = wholeNumber(1, 527_040, 'whole minutes');
/** Parses a TCP port. */
export const toPort = wholeNumber(1, 65_535, 'a port');
/** Parses a number of things, or the id of a list. */
export const toCount = wholeNumber(1, 1_000_000_000, 'a whole number');

/** Parses the id of an account. */
export function toAccountId(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be the id of a Kommo account.');
}

const WHICH_ACCOUNT = 'the Kommo account; needed when there are several';

/** Makes the option that names an account. */
export const accountOption = (text = WHICH_ACCOUNT): Option => new Option('--account <id>', text).argParser(toAccountId);

/** Makes the argument that names an account. */
export const accountArgument = (text = WHICH_ACCOUNT): Argument => new Argument('[account]', text).argParser(toAccountId);

/** Makes the option that waits for a run. */
export const waitOption = (): Option => new Option('--wait', 'show the progress until the run ends; Ctrl-C leaves it running');

/** Makes the option that limits a list. */
export const limitOption = (preset: number): Option =>
  new Option('--limit <n>', 'show at most this many').argParser(wholeNumber(1, 100_000, 'a whole number')).default(preset);

const asksNothing = (): never => {
  throw new Error('this command asks nothing');
};

const noQuestions: Questions = { text: asksNothing, secret: asksNothing, choose: asksNothing };

/** Adds commands to the program, and runs them alike: one result or one error, printed in one place. */
export class CommandSet {
  /** The exit code of the command that ran. */
  exitCode: number = exitCodes.done;

  constructor(
    readonly program: Command,
    readonly environment: ProgramEnvironment,
  ) {}

  /** Adds a command with `--json`, examples and exit codes. */
  define(definition: Definition): Command {
    const { name, description } = definition;
    return this.program
      .command(name)
      .description(description)
      .option('--json', 'print one JSON document and nothing else')
      .addHelpText('after', toHelp(this.program.name(), definition));
  }

  /** Runs a command, prints its result or what is wrong, and keeps the exit code. */
  async finish({ json = false }: JsonOption, run: (context: CommandContext) => Promise<CommandResult>): Promise<void> {
    const { terminal, questions = noQuestions } = this.environment;
    try {
      const result = await run({ ...this.environment, questions });
      printResult(result, terminal.output, json);
      this.exitCode = result.exitCode ?? exitCodes.done;
    } catch (error) {
      this.exitCode = reportError(error, terminal, json);
    }
  }
}
