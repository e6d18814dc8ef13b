import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ThemeName } from './history.js';

/** A fix that is taken out of the compiled service. */
interface Mutation {
  /** What the service does without the fix. */
  readonly name: string;
  /** A compiled file under `dist/libs`. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** Histories of one theme provoke the fault more often than others. */
  readonly theme?: ThemeName;
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
    file: 'sync/src/push/list-writer.js',
    from: 'call.puts.filter(({ address }) => admitted.has(address.email))',
    to: 'call.puts',
    theme: 'refusals between calls',
  },
  {
    name: 'any look lifts a refusal',
    file: 'domain/src/mailing-consent.js',
    from: '=> evidence.scope === scope &&',
    to: '=> true || evidence.scope === scope &&',
    theme: 'late refusals',
  },
  {
    name: 'no removal waits for a confirmation',
    file: 'domain/src/removal-limit.js',
    from: 'return removals >= present ||',
    to: 'return false &&',
    theme: 'held removals',
  },
  {
    name: 'no removal is counted',
    file: 'domain/src/removal-limit.js',
    from: "cause === 'event' || cause === 'operator'",
    to: 'true',
    theme: 'held removals',
  },
  {
    name: 'the origin of a first row is not proven',
    file: 'sync/src/push/list-writer.js',
    from: 'originOfFirst(response, call.puts.length - rejected.size)',
    to: "'ours'",
    theme: 'strangers',
  },
  {
    name: 'a response is believed although its sums do not explain the rows',
    file: 'sync/src/push/list-writer.js',
    from: 'const rejected = explainResponse(response, addresses.length);',
    to: 'const rejected = explainResponse(response, addresses.length) ?? new Map();',
    theme: 'wrong sums',
  },
  {
    name: 'a call without a response counts as without effect',
    file: 'sync/src/push/list-writer.js',
    from: 'if (!hasUnknownOutcome(error))',
    to: 'if (true)',
    theme: 'lost responses',
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
    theme: 'shared key',
  },
  {
    name: 'an unsubscribed address is removed with its contact',
    file: 'sync/src/push/address-remover.js',
    from: "return current.filter(({ consent }) => consent === 'mailable');",
    to: 'return current;',
    theme: 'refused and dropped',
  },
  {
    name: 'a late webhook replaces newer content',
    file: 'domain/src/contact-order.js',
    from: 'modifiedAt > mirror.modifiedAtSeconds',
    to: 'modifiedAt > 0',
    theme: 'old webhooks',
  },
  {
    name: 'removals held for a run that ended stay held',
    file: 'sync/src/push/removal-gate.js',
    from: 'await this.removals.releaseEnded(accountId);',
    to: '',
    theme: 'held removals',
  },
  {
    name: 'a worker that lost its lease writes on',
    file: 'database/src/stores/lease.store.js',
    from: 'row?.leaseFence !== fence || row.leaseOwner === null',
    to: 'false',
    theme: 'stopped workers',
  },
];

/** `crashed`: the mutated service does not run, which shows nothing. */
type Verdict = 'yes' | 'NO' | 'CRASHED' | 'NOT APPLIED';

interface Result {
  readonly verdict: Verdict;
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

interface Played {
  readonly output: string;
  /** The campaign ran to its end: 0 without a failed history, 1 with one. */
  readonly hasEnded: boolean;
}

/** Plays histories in another process. */
async function simulate(folder: string, args: readonly string[]): Promise<Played> {
  const program = join(folder, 'dist/test/simulation/main.js');
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      const hasEnded = (error === null || error.code === 1) && /^seed \d+: \d+ histories/m.test(stdout);
      resolve({ output: stdout + stderr, hasEnded });
    });
  });
}

interface Found {
  readonly seed: number;
  readonly problem: string;
}

/** A history that an exception of the simulation ended, or a worker that did. */
const isCrash = ({ problem }: Found): boolean => problem.startsWith('broken:');

interface Search extends MutationInput {
  readonly theme: ThemeName | undefined;
}

/** Plays histories up to the first that fails. */
async function findFailure(folder: string, { histories, seed, workers, theme }: Search): Promise<Found | undefined> {
  const numbers = ['--histories', String(histories), '--seed', String(seed), '--workers', String(workers)];
  const ofTheme = theme === undefined ? [] : ['--theme', theme];
  const { output, hasEnded } = await simulate(folder, [...numbers, ...ofTheme, '--failures', '1', '--no-shrink']);
  const failures = [...output.matchAll(/FAILED: seed (\d+).*\n {2}(.*)/g)].map(([, failed = '', problem = '']) => ({
    seed: Number(failed),
    problem,
  }));
  if (!hasEnded) return { seed, problem: `broken: ${output.trim().split('\n').at(-1)}` };
  return failures.sort((one, other) => one.seed - other.seed)[0];
}

/** Whether the code to change exists exactly once in a compiled file. */
const isApplicable = (content: string, { from }: Mutation): boolean => content.split(from).length === 2;

/** Returns the names of the mutations whose code does not exist exactly once in the compiled libraries of this folder. */
export const listOutdated = (libs: string): string[] =>
  mutations.filter((mutation) => !isApplicable(readFileSync(join(libs, mutation.file), 'utf8'), mutation)).map(({ name }) => name);

/** Changes the compiled file while `work` runs. Returns undefined when the code to change does not exist exactly once. */
async function whileMutated<T>(folder: string, mutation: Mutation, work: () => Promise<T>): Promise<T | undefined> {
  const path = join(folder, 'dist/libs', mutation.file);
  const original = readFileSync(path, 'utf8');
  if (!isApplicable(original, mutation)) return undefined;
  writeFileSync(
    path,
    original.replace(mutation.from, () => mutation.to),
  );
  try {
    return await work();
  } finally {
    writeFileSync(path, original);
  }
}

/** A history that also fails without a mutation proves nothing: the search goes on after it. */
async function tryMutation(folder: string, mutation: Mutation, input: MutationInput): Promise<Result> {
  const { theme } = mutation;
  const end = input.seed + input.histories;
  for (let seed = input.seed; seed < end;) {
    const tried = await whileMutated(folder, mutation, async () => ({
      found: await findFailure(folder, { ...input, theme, seed, histories: end - seed }),
    }));
    if (!tried) return { verdict: 'NOT APPLIED', histories: 0, problem: `the code to change is not exactly once in ${mutation.file}` };
    const { found } = tried;
    if (!found) break;
    const histories = found.seed - input.seed + 1;
    if (isCrash(found)) return { verdict: 'CRASHED', histories, problem: found.problem };
    const failedBefore = await findFailure(folder, { histories: 1, seed: found.seed, workers: 1, theme });
    if (!failedBefore) return { verdict: 'yes', histories, problem: `seed ${found.seed}: ${found.problem}` };
    seed = found.seed + 1;
  }
  return { verdict: 'NO', histories: input.histories, problem: '' };
}

/**
 * Takes fixes out of the service, one at a time, and shows that the simulation finds each. Prints a table. Returns the exit code: 1
 * when a mutation was not found. `only` selects mutations by a part of their names.
 */
export async function runMutations(input: MutationInput, print: (line: string) => void, only = ''): Promise<number> {
  const chosen = mutations.filter(({ name }) => name.includes(only));
  const folder = copyProject();
  let found = 0;
  try {
    print('| without the fix | found | theme | histories | by |');
    print('|---|---|---|---|---|');
    for (const mutation of chosen) {
      const { name, theme = 'all' } = mutation;
      const { verdict, histories, problem } = await tryMutation(folder, mutation, input);
      if (verdict === 'yes') found += 1;
      print(`| ${name} | ${verdict} | ${theme} | ${histories} | ${problem} |`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  print(`${found} of ${chosen.length} found`);
  return found === chosen.length ? 0 : 1;
}
