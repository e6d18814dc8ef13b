/** What the mutation run needs. */
export interface MutationInput {
  readonly histories: number;
  readonly seed: number;
  readonly workers: number;
}

/** Takes fixes out of the service, one at a time, and shows that the simulation finds each. Returns the exit code. */
export async function runMutations(_input: MutationInput, print: (line: string) => void): Promise<number> {
  print('no mutations yet');
  return 0;
}
