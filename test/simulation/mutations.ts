import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A fix that is taken out of the compiled service. */
interface Mutation {
  /** What the service does without the fix. */
  readonly name: string;
  /** A compiled file under `dist/libs`. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** What the mutation run needs. */
export interface MutationInput {
  readonly histories: number;
  readonly seed: number;
  readonly workers: number;
}

/** Histories that fail without any mutation prove nothing, so a few failures are needed. */
const MAX_FAILURES = 4;

const mutations: readonly Mutation[] = [
  {
    name: 'a known refusal does not stop a call',
    file: 'sync/src/push/consent-gate.js',
    from: 'return mailable;',
    to: 'return new Set(emails);',
  },
  {
    name: 'any look lifts a refusal',
    file: 'domain/src/mailing-consent.js',
    from: '=> evidence.scope === scope &&',
    to: '=> true || evidence.scope === scope &&',
  },
  {
    name: 'no removal waits for a confirmation',
    file: 'domain/src/removal-limit.js',
    from: 'return removals >= present ||',
    to: 'return false &&',
  },
  {
    name: 'no removal is counted',
    file: 'domain/src/removal-limit.js',
    from: "cause === 'event' || cause === 'operator'",
    to: 'true',
  },
  {
    name: 'the origin of a first row is not proven',
    file: 'sync/src/push/list-writer.js',
    from: 'originOfFirst(response, call.puts.length - rejected.size)',
    to: "'ours'",
  },
  {
    name: 'a response is believed although its sums do not explain the rows',
    file: 'sync/src/push/list-writer.js',
    from: 'const rejected = explainResponse(response, addresses.length);',
    to: 'const rejected = explainResponse(response, addresses.length) ?? new Map();',
  },
  {
    name: 'a call without a response counts as without effect',
    file: 'sync/src/push/list-writer.js',
    from: 'if (!hasUnknownOutcome(error))',
    to: 'if (true)',
  },
  {
    name: 'a removal does not regard other lists',
    file: 'sync/src/push/address-remover.js',
    from: 'return decideRemoval(address, place,',
    to: 'return decideRemoval(address, { ...place, isOnOtherLists: false },',
  },
  {
    name: 'a removal does not regard other accounts of the key',
    file: 'sync/src/push/address-remover.js',
    from: "shared.get(address.email) ?? 'none'",
    to: "'none'",
  },
  {
    name: 'an unsubscribed address is removed with its contact',
    file: 'sync/src/push/address-remover.js',
    from: "return current.filter(({ consent }) => consent === 'mailable');",
    to: 'return current;',
  },
  {
    name: 'a late webhook replaces newer content',
    file: 'domain/src/contact-order.js',
    from: 'modifiedAt > mirror.modifiedAtSeconds',
    to: 'modifiedAt > 0',
  },
  {
    name: 'a worker that lost its lease writes on',
    file: 'database/src/stores/lease.store.js',
    from: 'row?.leaseFence !== fence || row.leaseOwner === null',
    to: 'false',
  },
];

interface Result {
  readonly mutation: Mutation;
  readonly isFound: boolean;
  readonly problem: string;
}

/** Copies the built project, so that a mutation changes nothing of it. */
function copyProject(): string {
  const root = join(import.meta.dirname, '../../..');
  const folder = mkdtempSync(join(tmpdir(), 'mutations-'));
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
  cpSync(join(root, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** Plays histories in another process, up to the first that fails. Returns what the process prints. */
async function simulate(folder: string, { histories, seed, workers }: MutationInput): Promise<string> {
  const numbers = ['--histories', String(histories), '--seed', String(seed), '--workers', String(workers)];
  const args = [join(folder, 'dist/test/simulation/main.js'), ...numbers, '--failures', String(MAX_FAILURES), '--no-shrink'];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { maxBuffer: 2 ** 26 }, (_error, stdout, stderr) => resolve(stdout + stderr));
  });
}

/** The failed histories that a process printed: problems by seed. */
const failuresIn = (output: string): Map<string, string> =>
  new Map([...output.matchAll(/FAILED: seed (\d+).*\n {2}(.*)/g)].map(([, seed = '', problem = '']) => [seed, problem]));

async function tryMutation(
  folder: string,
  mutation: Mutation,
  input: MutationInput,
  failedBefore: ReadonlyMap<string, string>,
): Promise<Result> {
  const file = join(folder, 'dist/libs', mutation.file);
  const original = readFileSync(file, 'utf8');
  if (!original.includes(mutation.from)) return { mutation, isFound: false, problem: 'the code to change does not exist any more' };
  writeFileSync(file, original.replace(mutation.from, mutation.to));
  try {
    const failures = failuresIn(await simulate(folder, input));
    const [found] = [...failures].filter(([seed]) => !failedBefore.has(seed));
    return { mutation, isFound: found !== undefined, problem: found === undefined ? '' : `seed ${found[0]}: ${found[1]}` };
  } finally {
    writeFileSync(file, original);
  }
}

/**
 * Takes fixes out of the service, one at a time, and shows that the simulation finds each. Prints a table. Returns the exit code: 1
 * when a mutation was not found.
 */
export async function runMutations(input: MutationInput, print: (line: string) => void): Promise<number> {
  const folder = copyProject();
  const results: Result[] = [];
  try {
    const failedBefore = failuresIn(await simulate(folder, input));
    print(`without a mutation, ${failedBefore.size} histories fail`);
    print(`| without the fix | found | by (of ${input.histories} histories from seed ${input.seed}) |`);
    print('|---|---|---|');
    for (const mutation of mutations) {
      const result = await tryMutation(folder, mutation, input, failedBefore);
      results.push(result);
      print(`| ${mutation.name} | ${result.isFound ? 'yes' : 'NO'} | ${result.problem} |`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const found = results.filter(({ isFound }) => isFound).length;
  print(`${found} of ${mutations.length} found`);
  return found === mutations.length ? 0 : 1;
}
