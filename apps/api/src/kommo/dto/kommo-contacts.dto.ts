import { Transform } from 'class-transformer';
import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { KOMMO_PAGE_LIMIT } from '#kommo';
import { digitsToNumber } from '../../http/dto-decorators.js';

const DEFAULT_LIMIT = 50;
const MAX_PAGE = 1_000_000;

export class KommoContactsDto {
  @IsOptional()
  @Transform(digitsToNumber)
  @IsInt()
  @Min(1)
  @Max(MAX_PAGE)
  page = 1;

  @IsOptional()
  @Transform(digitsToNumber)
  @IsInt()
  @Min(1)
  @Max(KOMMO_PAGE_LIMIT)
  limit = DEFAULT_LIMIT;
}
