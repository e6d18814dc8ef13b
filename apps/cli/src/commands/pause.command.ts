import { InvalidInputError, tubes, vendors } from '#domain';
import { MAX_PAUSE_SECONDS, QueueClient } from '#queue';
import { Pauses, type RequestedPause } from '#sync';
import type { CommandContext } from '../command-context.js';
import { type CommandResult, count, toResult } from '../output/result.js';
import { didYouMean } from './known-word.js';
import { type SyncSession, withSync } from './with-sync.js';

/** What to pause or resume: a tube, the id of an account, or a vendor. */
interface PauseTarget {
  readonly kind: 'queue' | 'account' | 'vendor';
  readonly accountId?: number;
  pause(requested: RequestedPause): Promise<string>;
  resume(): Promise<string>;
}

const ACCOUNT_ID = /^[1-9]\d{0,14}$/;
const MINUTE_SECONDS = 60;

/** Throws InvalidInputError for any other text. */
function findTarget(session: SyncSession, what: string): PauseTarget {
  const pauses = session.get(Pauses);
  const queue = session.get(QueueClient);
  const tube = tubes.find((each) => each === what);
  if (tube) {
    const change = async (seconds: number) => `on ${count(await queue.pause(tube, seconds), 'queue server')}`;
    return {
      kind: 'queue',
      pause: ({ minutes }) => change(minutes === undefined ? MAX_PAUSE_SECONDS : minutes * MINUTE_SECONDS),
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
  const words = [...vendors, ...tubes];
  if (!ACCOUNT_ID.test(what))
    throw new InvalidInputError(`${what} is neither an account id nor one of ${words.join(', ')}${didYouMean(what, words)}`);
  const accountId = Number(what);
  return {
    kind: 'account',
    accountId,
    pause: async (requested) => `until ${(await pauses.pauseAccount(accountId, requested)).until}`,
    resume: () => lifted(pauses.resumeAccount(accountId)),
  };
}

async function change(
  context: CommandContext,
  { what, verb }: { readonly what: string; readonly verb: 'pause' | 'resume' },
  work: (target: PauseTarget) => Promise<string>,
): Promise<CommandResult> {
  return withSync(context, async (session) => {
    const target = findTarget(session, what);
    const result = await session.audited(
      `${target.kind === 'queue' ? 'tube' : target.kind}.${verb}`,
      { accountId: target.accountId, what },
      () => work(target),
    );
    return toResult({ [target.kind]: what, [verb]: result }, `${verb === 'pause' ? 'Paused' : 'Resumed'} ${what}: ${result}.`);
  });
}

/** Pauses a tube, an account or a vendor; without `minutes` until it is resumed. Throws InvalidInputError for an unknown one. */
export const runPause = (context: CommandContext, what: string, { minutes, reason }: RequestedPause): Promise<CommandResult> =>
  change(context, { what, verb: 'pause' }, (target) => target.pause({ minutes, reason }));

/** Ends every pause of a tube, an account or a vendor, also those that a vendor caused. Throws InvalidInputError for an unknown one. */
export const runResume = (context: CommandContext, what: string): Promise<CommandResult> =>
  change(context, { what, verb: 'resume' }, (target) => target.resume());
