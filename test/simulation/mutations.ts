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
  /** Where the search begins when the fault shows in few histories: a little before one that shows it. */
  readonly seed?: number;
}

/** What the mutation run needs. */
export interface MutationInput {
  readonly histories: number;
  readonly seed: number;
  readonly workers: number;
}

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
    name: 'removals held for a run that ended stay held',
    file: 'sync/src/push/removal-gate.js',
    from: 'await this.removals.releaseEnded(accountId);',
    to: '',
    seed: 200_090,
  },
  {
    name: 'a worker that lost its lease writes on',
    file: 'database/src/stores/lease.store.js',
    from: 'row?.leaseFence !== fence || row.leaseOwner === null',
    to: 'false',
  },
];

interface Result {
  readonly isFound: boolean;
  /** How many histories were played up to the failed one. */
  readonly histories: number;
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

/** Plays histories in another process. Returns what the process prints. */
async function simulate(folder: string, args: readonly string[]): Promise<string> {
  const program = join(folder, 'dist/test/simulation/main.js');
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { maxBuffer: 2 ** 26 }, (_error, stdout, stderr) => resolve(stdout + stderr));
  });
}

interface Found {
  readonly seed: number;
  readonly problem: string;
}

/** Plays histories up to the first that fails. */
async function findFailure(folder: string, { histories, seed, workers }: MutationInput): Promise<Found | undefined> {
  const numbers = ['--histories', String(histories), '--seed', String(seed), '--workers', String(workers)];
  const output = await simulate(folder, [...numbers, '--failures', '1', '--no-shrink']);
  const failures = [...output.matchAll(/FAILED: seed (\d+).*\n {2}(.*)/g)].map(([, failed = '', problem = '']) => ({
    seed: Number(failed),
    problem,
  }));
  return failures.sort((one, other) => one.seed - other.seed)[0];
}

/** A history that also fails without a mutation proves nothing: the search goes on after it. */
async function tryMutation(folder: string, mutation: Mutation, input: MutationInput): Promise<Result> {
  const file = join(folder, 'dist/libs', mutation.file);
  const original = readFileSync(file, 'utf8');
  if (!original.includes(mutation.from)) return { isFound: false, histories: 0, problem: 'the code to change does not exist any more' };
  const end = input.seed + input.histories;
  for (let seed = input.seed; seed < end;) {
    writeFileSync(file, original.replace(mutation.from, mutation.to));
    const found = await findFailure(folder, { ...input, seed, histories: end - seed });
    writeFileSync(file, original);
    if (!found) break;
    const failedBefore = await findFailure(folder, { histories: 1, seed: found.seed, workers: 1 });
    if (!failedBefore) return { isFound: true, histories: found.seed - input.seed + 1, problem: `seed ${found.seed}: ${found.problem}` };
    seed = found.seed + 1;
  }
  return { isFound: false, histories: input.histories, problem: '' };
}

/**
 * Takes fixes out of the service, one at a time, and shows that the simulation finds each. Prints a table. Returns the exit code: 1
 * when a mutation was not found.
 */
export async function runMutations(input: MutationInput, print: (line: string) => void): Promise<number> {
  const folder = copyProject();
  let found = 0;
  try {
    print('| without the fix | found | from seed | histories | by |');
    print('|---|---|---|---|---|');
    for (const mutation of mutations) {
      const { name, seed = input.seed } = mutation;
      const { isFound, histories, problem } = await tryMutation(folder, mutation, { ...input, seed });
      if (isFound) found += 1;
      print(`| ${name} | ${isFound ? 'yes' : 'NO'} | ${seed} | ${histories} | ${problem} |`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  print(`${found} of ${mutations.length} found`);
  return found === mutations.length ? 0 : 1;
}
