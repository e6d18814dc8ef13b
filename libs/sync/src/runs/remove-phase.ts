import { Injectable } from '@nestjs/common';
import { ContactStore } from '#database';
import { MAX_ROWS_PER_CALL } from '#domain';
import { throwIfStopping } from '../push/account-work.js';
import { type Phase, RunProgress, type RunStep, type StepOutcome } from './run-progress.js';
import { RunPusher } from './run-pusher.js';

const CHUNK_CONTACTS = 250;

/** Marks the missing contacts as deleted and pushes the removal of their addresses. */
@Injectable()
export class RemovePhase implements Phase {
  constructor(
    private readonly contacts: ContactStore,
    private readonly progress: RunProgress,
    private readonly pusher: RunPusher,
  ) {}

  async advance(step: RunStep): Promise<StepOutcome> {
    const { run, work } = step;
    for (;;) {
      const ids = await this.contacts.listMissing(run.accountId, run.runId, 0, CHUNK_CONTACTS);
      if (ids.length === 0) break;
      await work.lease.write(() => this.contacts.markDeleted(run.accountId, ids, { cause: 'run' }));
      if (!(await this.pusher.push(step, MAX_ROWS_PER_CALL - 1))) return 'ended';
      throwIfStopping(work.signal);
    }
    return (await this.progress.save(run.runId, { phase: 'finish' })) ? 'next' : 'ended';
  }
}
