import { Command, CommanderError } from 'commander';
import { addCompletion } from './completion.js';
import { defineAccountCommands } from './definitions/account-commands.js';
import { CommandSet, type ProgramEnvironment } from './definitions/command-set.js';
import { defineDataCommands } from './definitions/data-commands.js';
import { defineQueueCommands } from './definitions/queue-commands.js';
import { defineRunCommands } from './definitions/run-commands.js';
import { defineServiceCommands } from './definitions/service-commands.js';
import { exitCodes } from './output/exit-code.js';

/** The name under which package.json installs the program. */
const PROGRAM_NAME = 'kommo-sync';
const WIDTH_WITHOUT_TERMINAL = 100;

function createCommand({ terminal: { output, errors } }: ProgramEnvironment): Command {
  return new Command(PROGRAM_NAME)
    .description('Keeps Kommo contacts in Unisender lists')
    .showHelpAfterError(`(${PROGRAM_NAME} --help shows the commands, ${PROGRAM_NAME} <command> --help its arguments)`)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void output.write(text),
      writeErr: (text) => void errors.write(text),
      getOutHelpWidth: () => output.columns ?? WIDTH_WITHOUT_TERMINAL,
      getErrHelpWidth: () => errors.columns ?? WIDTH_WITHOUT_TERMINAL,
      getOutHasColors: () => output.hasColors?.() ?? false,
      getErrHasColors: () => errors.hasColors?.() ?? false,
    });
}

/** Creates the program with all its commands. */
export function createProgram(environment: ProgramEnvironment): CommandSet {
  const commands = new CommandSet(createCommand(environment), environment);
  defineAccountCommands(commands);
  defineRunCommands(commands);
  defineDataCommands(commands);
  defineQueueCommands(commands);
  defineServiceCommands(commands);
  addCompletion(commands);
  return commands;
}

/** Runs one command. Returns the exit code. Throws an error that is no ordinary mistake. */
export async function runProgram(args: readonly string[], environment: ProgramEnvironment): Promise<number> {
  const commands = createProgram(environment);
  try {
    await commands.program.parseAsync(args, { from: 'user' });
    return commands.exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  }
}
