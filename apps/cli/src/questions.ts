import { input, password, select } from '@inquirer/prompts';
import { InvalidInputError, TransientError } from '#domain';
import type { Questions } from './command-context.js';
import type { Terminal } from './output/terminal.js';

const isInterrupted = (error: unknown) => error instanceof Error && error.name === 'ExitPromptError';

/** Asks at the terminal. The questions go to standard error. */
export class TerminalQuestions implements Questions {
  constructor(private readonly terminal: Terminal) {}

  async text(question: string, preset?: string): Promise<string> {
    return this.ask(question, (streams) =>
      input({ message: question, required: true, ...(preset === undefined ? {} : { default: preset }) }, streams),
    );
  }

  async secret(question: string): Promise<string> {
    return this.ask(question, (streams) => password({ message: question, mask: '*' }, streams));
  }

  async choose<Value>(question: string, choices: readonly { readonly name: string; readonly value: Value }[]): Promise<Value> {
    return this.ask(question, (streams) => select<Value>({ message: question, choices: [...choices] }, streams));
  }

  private async ask<Answer>(question: string, prompt: (streams: { output: NodeJS.WritableStream }) => Promise<Answer>): Promise<Answer> {
    if (!this.terminal.isInteractive)
      throw new InvalidInputError(`"${question}" needs an answer, and there is no terminal: use the options of the command (--help)`);
    try {
      return await prompt({ output: this.terminal.errors });
    } catch (error) {
      if (isInterrupted(error)) throw new TransientError('Stopped: run the command again, it continues', { code: 'consent_missing' });
      throw error;
    }
  }
}
