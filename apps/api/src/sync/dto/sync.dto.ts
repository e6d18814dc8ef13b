import { Transform } from 'class-transformer';
import { IsIn, IsInt, IsOptional, Max, Min, ValidateIf } from 'class-validator';
import { type RunMode, runModes } from '#domain';
import { digitsToNumber, IsPlainText, isSent } from '../../http/dto-decorators.js';

const MAX_LIMIT = 500;
const MAX_RUN_ID_LENGTH = 64;

export class StartRunDto {
  @ValidateIf(isSent)
  @IsIn(runModes)
  mode: RunMode = 'import';
}

export class RunParamsDto {
  @IsPlainText(MAX_RUN_ID_LENGTH)
  run_id!: string;
}

export class ListRunsDto {
  @IsOptional()
  @Transform(digitsToNumber)
  @IsInt()
  @Min(1)
  @Max(MAX_LIMIT)
  limit?: number;
}
