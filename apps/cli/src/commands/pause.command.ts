import type { INestApplicationContext } from '@nestjs/common';
import type { Config } from '#config';
import { InvalidInputError, tubes, vendors } from '#domain';
import { QueueClient } from '#queue';
import { AuditLog, Pauses, type RequestedPause } from '#sync';
import { withSync } from './with-sync.js';

/** What to pause or resume: a tube, the id of an account, or a vendor. */
interface PauseTarget {
  readonly kind: 'queue' | 'account' | 'vendor';
  readonly accountId?: number;
  pause(requested: RequestedPause): Promise<string>;
  resume(): Promise<string>;
}

interface CommandOutput {
  readonly json: boolean;
  readonly print: (line: string) => void;
}

const ACCOUNT_ID = /^[1-9]\d{0,14}$/;
const MINUTE_SECONDS = 60;
/** The longest pause of a tube that beanstalkd accepts. */
const MAX_TUBE_SECONDS = 2 ** 32 - 1;

const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`;

/** Throws InvalidInputError for any other text. */
function findTarget(sync: INestApplicationContext, what: string): PauseTarget {
  const pauses = sync.get(Pauses, { strict: false });
  const queue = sync.get(QueueClient, { strict: false });
  const tube = tubes.find((each) => each === what);
  if (tube) {
    const change = async (seconds: number) => `on ${count(await queue.pause(tube, seconds), 'queue server')}`;
    return {
      kind: 'queue',
      pause: ({ minutes }) => change(minutes === undefined ? MAX_TUBE_SECONDS : minutes * MINUTE_SECONDS),
      resume: () => change(0),
    };
  }
  const lifted = async (number: Promise<number>) => `${count(await number, 'pause')} ended`;
  const vendor = vendors.find((each) => each === what);
  if (vendor) {
    return {
      kind: 'vendor',
      pause: async (requested) => `until ${(await pauses.pauseVendor(vendor, requested)).until}`,
      resume: () => lifted(pauses.resumeVendor(vendor)),
    };
  }
  if (!ACCOUNT_ID.test(what)) {
    throw new InvalidInputError(`${what} is neither an account id nor one of ${[...vendors, ...tubes].join(', ')}`);
  }
  const accountId = Number(what);
  return {
    kind: 'account',
    accountId,
    pause: async (requested) => `until ${(await pauses.pauseAccount(accountId, requested)).until}`,
    resume: () => lifted(pauses.resumeAccount(accountId)),
  };
}

async function change(
  config: Config,
  { what, verb, json, print }: CommandOutput & { readonly what: string; readonly verb: 'pause' | 'resume' },
  work: (target: PauseTarget) => Promise<string>,
): Promise<void> {
  await withSync(config, async (sync) => {
    const target = findTarget(sync, what);
    const action = { actor: 'cli', action: `${target.kind}.${verb}`, accountId: target.accountId, details: { what } };
    const result = await sync.get(AuditLog, { strict: false }).record(action, () => work(target));
    print(
      json ? JSON.stringify({ [target.kind]: what, [verb]: result }) : `${verb === 'pause' ? 'Paused' : 'Resumed'} ${what}: ${result}.`,
    );
  });
}

/** Pauses a tube, an account or a vendor; without `minutes` until it is resumed. Throws InvalidInputError for an unknown one. */
export async function pause(config: Config, what: string, { minutes, reason, ...output }: RequestedPause & CommandOutput): Promise<void> {
  await change(config, { what, verb: 'pause', ...output }, (target) => target.pause({ minutes, reason }));
}

/** Ends every pause of a tube, an account or a vendor, also those that a vendor caused. Throws InvalidInputError for an unknown one. */
export async function resume(config: Config, what: string, output: CommandOutput): Promise<void> {
  await change(config, { what, verb: 'resume', ...output }, (target) => target.resume());
}
