import { Injectable } from '@nestjs/common';
import { AccountChecks } from './account-checks.js';
import { DatabaseChecks, type DatabaseState } from './database-checks.js';
import { type DiskState, EnvironmentChecks } from './environment-checks.js';
import { type Finding, problem } from './finding.js';
import { QueueChecks, type QueueState } from './queue-checks.js';
import { ScheduleCheck } from './schedule-check.js';

/** The state of the installation, and what is wrong with it. */
export interface SystemState {
  readonly database: DatabaseState;
  readonly queue: QueueState;
  /** Undefined when it cannot be read. */
  readonly disk: DiskState | undefined;
  /** When a worker last began a round of a schedule, epoch milliseconds; null when that is unknown. */
  readonly lastScheduleAtMs: number | null;
  /** Errors first, then warnings. */
  readonly findings: readonly Finding[];
}

const LEVELS = ['error', 'warning', 'ok'] as const;

/** Finds what is wrong with an installation, for `GET /operations/system` and the command `doctor`. */
@Injectable()
export class SystemChecks {
  constructor(
    private readonly database: DatabaseChecks,
    private readonly queue: QueueChecks,
    private readonly environment: EnvironmentChecks,
    private readonly accounts: AccountChecks,
    private readonly schedules: ScheduleCheck,
  ) {}

  /** Runs every check, in about five seconds at most. Never throws: what cannot be read is a finding. */
  async run(): Promise<SystemState> {
    const [database, queue, disk] = await Promise.all([this.database.readState(), this.queue.readState(), this.environment.findDisk()]);
    const isUsable = database.isUp && database.pendingMigrations?.length === 0;
    const [ofDatabase, ofEnvironment, lastScheduleAtMs, ofAccounts] = await Promise.all([
      this.database.run(database),
      this.environment.run(disk),
      isUsable ? this.schedules.readLast() : null,
      isUsable ? this.findOfAccounts() : [],
    ]);
    const ofSchedules = isUsable ? this.schedules.run(lastScheduleAtMs) : [];
    const findings = [...ofDatabase, ...this.queue.run(queue), ...ofSchedules, ...ofEnvironment, ...ofAccounts];
    return {
      database,
      queue,
      disk,
      lastScheduleAtMs,
      findings: LEVELS.flatMap((level) => findings.filter((each) => each.level === level)),
    };
  }

  private async findOfAccounts(): Promise<Finding[]> {
    try {
      return await this.accounts.run();
    } catch {
      const remedy = 'Run the check again when the database responds.';
      return [problem('accounts', 'warning', { message: 'The accounts could not be read', remedy })];
    }
  }
}
