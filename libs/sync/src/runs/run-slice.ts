import { Injectable } from '@nestjs/common';
import type { RunEntity } from '#database';
import { Clock, type RunPhase, type Secret, toAccountBlockedError } from '#domain';
import type { AccountWork } from '../push/account-work.js';
import { Preparation } from '../push/preparation.js';
import { FinishPhase, RemovePhase, VerifyPhase } from './closing-phases.js';
import { EvaluatePhase } from './evaluate-phase.js';
import { PreparePhase } from './prepare-phase.js';
import { Preview } from './preview.js';
import { ReadPhase } from './read-phase.js';
import { type Phase, RunProgress, type StepOutcome } from './run-progress.js';

/** After this time a long run lets other accounts be worked on. */
const SLICE_MS = 15_000;

/** The phases that fill the mirror: from Kommo, or from what the mirror has stored of it. */
@Injectable()
export class MirrorPhases {
  constructor(
    readonly read: ReadPhase,
    readonly evaluate: EvaluatePhase,
  ) {}
}

/** The phases of a run by name. */
@Injectable()
export class RunPhases {
  private readonly phases: Readonly<Record<RunPhase, Phase>>;

  constructor(prepare: PreparePhase, { read, evaluate }: MirrorPhases, verify: VerifyPhase, remove: RemovePhase, finish: FinishPhase) {
    this.phases = { prepare, evaluate, read, verify, remove, finish };
  }

  /** The phase of that name. */
  get(phase: RunPhase): Phase {
    return this.phases[phase];
  }
}

/** Works on a run for one slice of time. */
@Injectable()
export class RunSlice {
  constructor(
    private readonly phases: RunPhases,
    private readonly preview: Preview,
    private readonly progress: RunProgress,
    private readonly preparation: Preparation,
    private readonly clock: Clock,
  ) {}

  /** Advances the run from its checkpoint, phase by phase. Throws TransientError and AccountBlockedError. */
  async advance(run: RunEntity, work: AccountWork): Promise<StepOutcome> {
    if (run.mode === 'preview') return this.preview.count(run, work);
    const endMs = this.clock.nowMs() + SLICE_MS;
    const isTimeUp = () => this.clock.nowMs() >= endMs;
    const key = requireUnisenderKey(work);
    if (run.phase !== 'prepare') await this.preparation.ensureReady(work, key, { look: true });
    for (;;) {
      const current = await this.progress.findRunning(run.runId);
      if (!current) return 'ended';
      const outcome = await this.phases.get(current.phase).advance({ run: current, work, key, isTimeUp });
      if (outcome !== 'next') return outcome;
    }
  }
}

/** Throws AccountBlockedError when the account has no key that Unisender accepts. */
function requireUnisenderKey(work: AccountWork): Secret {
  if (work.unisenderKey) return work.unisenderKey;
  const { accountId, unisenderKey } = work.account;
  throw toAccountBlockedError(accountId, unisenderKey === null ? 'unisender_key_missing' : 'unisender_key_refused');
}
