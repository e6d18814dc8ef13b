import { Controller, Get } from '@nestjs/common';
import { Documented } from '../docs/documented.decorator.js';
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
  @Documented({ summary: 'Shows the whole deployment: accounts, rates, limits, queue', data: 'OverviewResponse', example: {} })
  async overview(): Promise<OverviewResponse> {
    return this.liveOverview.read();
  }

  /** Runs every check; takes up to five seconds when a vendor does not respond. */
  @Get('system')
  @Audience('operator')
  @Documented({ summary: 'Shows versions, limits and what the checks found', data: 'SystemResponse', example: {} })
  async system(): Promise<SystemResponse> {
    return this.status.read();
  }
}
