import { randomInt } from 'node:crypto';
import { systemClock } from '#clock';
import { seededRandom } from '../../apps/sandbox/src/random.js';
import { eventually } from '../support/built-process.js';
import { ServiceProcesses } from '../support/service-processes.js';
import { Company } from './chaos/company.js';
import { RandomFaults } from './chaos/random-faults.js';

interface ChaosOptions {
  readonly minutes: number;
  /** Repeats the actions and faults of an earlier run; the processes run as they like. */
  readonly seed: number | undefined;
  readonly print: (line: string) => void;
}

const MAX_SEED = 2 ** 31;
const COMPANIES = 3;
const MOMENT_MS = 2_000;
const RESUME_EVERY = 5;
const KILL_EVERY = 30;
const REPORT_EVERY = 30;
const QUIET_WITHIN_MS = 600_000;
/** The service looks at an address 15 minutes after a call without a response. */
const VERIFIED_WITHIN_MS = 16 * 60_000;
const COMPARE_EVERY_MS = 5_000;
const SHOWN = 20;

/** Failed hooks are repeated after seconds instead of minutes. */
const switches = { 'kommo.hook_time_scale': 0.01, 'unisender.hook_time_scale': 0.01, 'kommo.hook_disable_after': 1_000_000 };

interface Scene {
  readonly service: ServiceProcesses;
  readonly companies: readonly Company[];
  readonly faults: RandomFaults;
}

/** The operator lifts the pauses: an hour of a pause is no part of a short test. */
async function resumeAll({ service, companies }: Scene): Promise<void> {
  for (const vendor of ['kommo', 'unisender']) await service.api.send('POST', `/operations/vendors/${vendor}/resume`);
  for (const { account } of companies) await service.api.send('POST', `/operations/accounts/${account.accountId}/resume`);
}

/** What a human does about what an account asks for. */
async function repair({ service }: Scene, { account }: Company): Promise<void> {
  const { status } = await account.getAccount();
  if (status === 'reauthorization_required') await account.allow(service.clientId);
}

async function disturb(scene: Scene, endMs: number, print: (line: string) => void): Promise<void> {
  for (let moment = 1; systemClock.nowMs() < endMs; moment += 1) {
    const nextMs = systemClock.nowMs() + MOMENT_MS;
    await scene.faults.change();
    for (const company of scene.companies) for (let count = 0; count < 5; count += 1) await company.act();
    if (moment % RESUME_EVERY === 0) await resumeAll(scene).catch(() => undefined);
    if (moment % KILL_EVERY === 0) await scene.service.replaceWorker();
    if (moment % REPORT_EVERY === 0) print(`${Math.round((endMs - systemClock.nowMs()) / 1_000)} s left`);
    await systemClock.sleep(Math.max(0, nextMs - systemClock.nowMs()));
  }
}

const ON_THE_WAY = ['held', 'sending', 'retry'];

/** Waits until Kommo has no hook to deliver. */
async function untilDelivered({ account }: Company): Promise<void> {
  const isDelivered = async () => !(await account.hooks()).some(({ state }) => ON_THE_WAY.includes(state));
  await eventually('no hook on the way', isDelivered, QUIET_WITHIN_MS);
}

/** Everything works again: reconciles, confirms, and waits until nothing is in flight. */
async function settle(scene: Scene): Promise<void> {
  await scene.faults.heal();
  await resumeAll(scene);
  for (const company of scene.companies) {
    await repair(scene, company);
    const { account } = company;
    await untilDelivered(company);
    const { active_run_id } = await account.getAccount();
    if (active_run_id !== null) await account.untilEnded(active_run_id);
    await account.run('reconcile');
    await account.untilQuiet(QUIET_WITHIN_MS);
    await account.confirmRemovals();
    await account.untilQuiet(QUIET_WITHIN_MS);
  }
}

async function compare({ companies }: Scene): Promise<string[]> {
  return (await Promise.all(companies.map((company) => company.findDifferences()))).flat();
}

/** What is still different when every call without a response is verified. */
async function compareWhenVerified(scene: Scene): Promise<string[]> {
  const endMs = systemClock.nowMs() + VERIFIED_WITHIN_MS;
  for (;;) {
    const differences = await compare(scene);
    if (differences.length === 0 || systemClock.nowMs() > endMs) return differences;
    await systemClock.sleep(COMPARE_EVERY_MS);
  }
}

/** Renames every contact and finds refused addresses among the rows that are sent, and what is different after that. */
async function renameAndCompare(scene: Scene): Promise<string[]> {
  const since = (await scene.service.control.calls('importContacts')).at(-1)?.seq ?? 0;
  for (const company of scene.companies) {
    await company.renameAll();
    await untilDelivered(company);
    await company.account.untilQuiet(QUIET_WITHIN_MS);
  }
  const sent = await Promise.all(scene.companies.map((company) => company.findSentRefusals(since)));
  return [...sent.flat(), ...(await compare(scene))];
}

async function play(service: ServiceProcesses, { minutes, seed }: { minutes: number; seed: number }, print: (line: string) => void) {
  const random = seededRandom(seed);
  const companies: Company[] = [];
  for (let count = 0; count < COMPANIES; count += 1)
    companies.push(await Company.create(await service.addAccount(), service.control, random));
  const scene = { service, companies, faults: new RandomFaults(service.control, random) };
  await disturb(scene, systemClock.nowMs() + minutes * 60_000, print);
  const faults = [...scene.faults.counts].sort().map(([name, count]) => `${name} × ${count}`);
  print(`${companies.reduce((sum, { actions }) => sum + actions, 0)} actions; faults: ${faults.join(', ')}`);
  print(`${(await compare(scene)).length} differences while the faults last`);
  await settle(scene);
  print('everything works again, and nothing is in flight');
  const differences = await compareWhenVerified(scene);
  return differences.length > 0 ? differences : renameAndCompare(scene);
}

/**
 * Plays faults, lies and delays of both vendors against the built service: two APIs, two workers, MariaDB and Debian's beanstalkd. Then
 * everything works again, and Kommo is compared with Unisender. Prints the seed and the differences. Returns the exit code: 1 when there
 * is one.
 */
export async function runChaos({ minutes, seed = randomInt(MAX_SEED), print }: ChaosOptions): Promise<number> {
  print(`${minutes} minutes, seed ${seed}`);
  const service = await ServiceProcesses.start({ mode: 'servers', apis: 2, workers: 2, switches });
  try {
    const differences = await play(service, { minutes, seed }, print);
    for (const difference of differences.slice(0, SHOWN)) print(difference);
    print(`${differences.length} differences`);
    return differences.length === 0 ? 0 : 1;
  } finally {
    await service.stop();
  }
}
