import { Injectable } from '@nestjs/common';
import { Clock } from '#domain';
import { Overview } from '#sync';
import type { OverviewResponse } from './operations-responses.js';

const KEPT_MS = 1_000;

/** The overview of this process: read once a second at most, however many clients ask. */
@Injectable()
export class LiveOverview {
  private last: Promise<OverviewResponse> | undefined;
  private startedMs = 0;

  constructor(
    private readonly overview: Overview,
    private readonly clock: Clock,
  ) {}

  /** Returns the overview, at most a second old. Throws TransientError `database_unavailable`. */
  read(): Promise<OverviewResponse> {
    const nowMs = this.clock.nowMs();
    if (!this.last || nowMs - this.startedMs >= KEPT_MS || nowMs < this.startedMs) {
      this.startedMs = nowMs;
      this.last = this.overview.read();
    }
    return this.last;
  }
}
