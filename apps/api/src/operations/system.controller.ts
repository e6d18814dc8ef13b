import { Controller, Get } from '@nestjs/common';
import { Audience } from '../guards/audience.decorator.js';
import type { OverviewResponse, SystemResponse } from './operations-responses.js';
import { SystemStatus } from './system-status.js';
import { LiveOverview } from './live-overview.js';

/** Shows the whole deployment. */
@Controller('operations')
export class SystemController {
  constructor(
    private readonly liveOverview: LiveOverview,
    private readonly status: SystemStatus,
  ) {}

  /** At most two seconds old. */
  @Get('overview')
  @Audience('operator')
  async overview(): Promise<OverviewResponse> {
    return this.liveOverview.read();
  }

  /** Runs every check; takes up to five seconds when a vendor does not respond. */
  @Get('system')
  @Audience('operator')
  async system(): Promise<SystemResponse> {
    return this.status.read();
  }
}
