import { Transform } from 'class-transformer';
import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { Describe, digitsToNumber, IsAccountId, IsPlainText } from '../../http/dto-decorators.js';

const MAX_LIMIT = 1_000;

export class ListAccountsDto {
  @IsOptional()
  @IsPlainText()
  integration_id?: string;

  @IsOptional()
  @Transform(digitsToNumber)
  @IsInt()
  @Min(1)
  @Max(MAX_LIMIT)
  limit?: number;

  @IsOptional()
  @IsAccountId()
  @Describe('Returns the accounts after this one.')
  after?: number;
}
