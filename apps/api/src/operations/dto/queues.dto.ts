import { Transform } from 'class-transformer';
import { IsIn, IsInt, IsOptional, Matches, Max, Min } from 'class-validator';
import type { PeekedState } from '#queue';
import { digitsToNumber, IsPlainText } from '../../http/dto-decorators.js';

const MAX_SERVER_LENGTH = 255;
const MAX_KICKED = 1_000_000;
const DEFAULT_KICKED = 100;
/** Ten years: beanstalkd pauses for 2^32 seconds at most. */
const MAX_PAUSE_MINUTES = 10 * 366 * 24 * 60;

export class TubeDto {
  @IsPlainText()
  tube!: string;
}

export class PeekDto {
  /** Without it, the next job of each state. */
  @IsOptional()
  @IsIn(['ready', 'delayed', 'buried'])
  state?: PeekedState;
}

export class KickDto {
  /** The most jobs to kick on each server. */
  @IsOptional()
  @Transform(digitsToNumber)
  @IsInt()
  @Min(1)
  @Max(MAX_KICKED)
  count = DEFAULT_KICKED;
}

/** Without `minutes` the pause lasts until it is lifted. */
export class PauseTubeDto {
  @IsOptional()
  @Transform(digitsToNumber)
  @IsInt()
  @Min(1)
  @Max(MAX_PAUSE_MINUTES)
  minutes?: number;
}

export class JobDto {
  @Matches(/^\d{1,19}$/, { message: '$property must be a whole number, in digits' })
  job_id!: string;
}

export class JobServerDto {
  /** The queue server of the job; needed when several may have a job with this id. */
  @IsOptional()
  @IsPlainText(MAX_SERVER_LENGTH)
  server?: string;
}
