import tab from '@bomb.sh/tab/commander';
import type { CommandSet } from './definitions/command-set.js';

/** Adds `completion <shell>`, which prints a script, and the hidden command `complete` that the script calls. */
export function addCompletion({ program }: CommandSet): void {
  tab(program, { completionCommandName: 'completion' });
  const examples = [
    'bash > /etc/bash_completion.d/kommo-sync',
    'zsh > "${fpath[1]}/_kommo-sync"',
    'fish > ~/.config/fish/completions/kommo-sync.fish',
  ];
  program.commands
    .find((command) => command.name() === 'completion')
    ?.description('print the script that completes commands in bash, zsh or fish')
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ ${program.name()} completion ${example}`).join('\n')}`);
}
