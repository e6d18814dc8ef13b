import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { InvalidInputError, type Tube, tubes } from '#domain';
import { MAX_PAUSE_SECONDS, QueueClient } from '#queue';
import { Audited } from '../audit/audited.decorator.js';
import { minutes, number, tube } from '../audit/audited-details.js';
import { Documented } from '../docs/documented.decorator.js';
import { queueErrors } from '../docs/error-groups.js';
import { Audience } from '../guards/audience.decorator.js';
import { KickDto, PauseTubeDto, PeekDto, TubeDto } from './dto/queues.dto.js';
import type { KickResponse, PeekResponse, QueuesResponse, TubePauseResponse } from './operations-responses.js';
import { QueueStatus } from './queue-status.js';

const MINUTE_SECONDS = 60;

/** Shows and changes the tubes of the queue servers. */
@Controller('operations/queues')
export class QueuesController {
  constructor(
    private readonly status: QueueStatus,
    private readonly queue: QueueClient,
  ) {}

  @Get()
  @Audience('operator')
  @Documented({
    summary: 'Shows the tubes on each queue server',
    data: 'QueuesResponse',
    example: {},
  })
  async list(): Promise<QueuesResponse> {
    return this.status.read();
  }

  @Get(':tube/peek')
  @Audience('operator')
  @Documented({
    summary: 'Shows the next jobs of a tube',
    data: 'PeekResponse',
    errors: ['unknown_tube', ...queueErrors],
    example: { path: { tube: 'contacts' } },
  })
  async peek(@Param() params: TubeDto, @Query() { state }: PeekDto): Promise<PeekResponse> {
    return this.status.peek(toTube(params), state);
  }

  @Post(':tube/kick')
  @HttpCode(200)
  @Audience('operator')
  @Audited('tube.kick', { tube, count: number })
  @Documented({
    summary: 'Kicks buried or delayed jobs of a tube',
    data: 'KickResponse',
    errors: ['unknown_tube', ...queueErrors],
    example: { path: { tube: 'contacts' }, body: { count: 10 } },
  })
  async kick(@Param() params: TubeDto, @Body() { count }: KickDto): Promise<KickResponse> {
    return { kicked: await this.queue.kick(toTube(params), count) };
  }

  @Post(':tube/pause')
  @HttpCode(200)
  @Audience('operator')
  @Audited('tube.pause', { tube, minutes })
  @Documented({
    summary: 'Pauses a tube',
    data: 'TubePauseResponse',
    errors: ['unknown_tube', ...queueErrors],
    example: { path: { tube: 'times' }, body: { minutes: 5 } },
  })
  async pause(@Param() params: TubeDto, @Body() input: PauseTubeDto): Promise<TubePauseResponse> {
    const seconds = input.minutes === undefined ? MAX_PAUSE_SECONDS : input.minutes * MINUTE_SECONDS;
    return this.setPause(toTube(params), seconds);
  }

  @Post(':tube/resume')
  @HttpCode(200)
  @Audience('operator')
  @Audited('tube.resume', { tube })
  @Documented({
    summary: 'Resumes a tube',
    data: 'TubePauseResponse',
    errors: ['unknown_tube', ...queueErrors],
    example: { path: { tube: 'times' } },
  })
  async resume(@Param() params: TubeDto): Promise<TubePauseResponse> {
    return this.setPause(toTube(params), 0);
  }

  private async setPause(name: Tube, seconds: number): Promise<TubePauseResponse> {
    return { tube: name, servers: await this.queue.pause(name, seconds) };
  }
}

/** Throws InvalidInputError `unknown_tube`. */
function toTube({ tube: name }: TubeDto): Tube {
  const known = tubes.find((each) => each === name);
  if (known) return known;
  throw new InvalidInputError('Unknown tube', {
    code: 'unknown_tube',
    fields: [{ field: 'tube', problem: `must be one of ${tubes.join(', ')}` }],
  });
}
