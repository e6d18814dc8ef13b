import { Transform } from 'class-transformer';
import { IsInt, IsOptional, Max, Min, ValidateIf } from 'class-validator';
import { Alias, digitsToNumber, IsAccountId, IsPlainText, isSent } from '../../http/dto-decorators.js';

const DEFAULT_AUDIT_LIMIT = 100;
const MAX_LIMIT = 1_000;
const MAX_AUDIT_ID_LENGTH = 32;

export class AccountParamsDto {
  @IsAccountId()
  account_id!: number;
}

export class ListEventsDto {
  @Alias('id')
  @IsAccountId()
  account_id!: number;

  @IsOptional()
  @Transform(digitsToNumber)
  @IsInt()
  @Min(1)
  @Max(MAX_LIMIT)
  limit?: number;
}

export class ListFailuresDto {
  /** All accounts when missing. */
  @Alias('id')
  @IsOptional()
  @IsAccountId()
  account_id?: number;

  @IsOptional()
  @Transform(digitsToNumber)
  @IsInt()
  @Min(1)
  @Max(MAX_LIMIT)
  limit?: number;
}

export class ListAuditDto {
  /** All accounts when missing. */
  @Alias('id')
  @IsOptional()
  @IsAccountId()
  account_id?: number;

  /** Returns the entries before this one. */
  @IsOptional()
  @IsPlainText(MAX_AUDIT_ID_LENGTH)
  before?: string;

  @IsOptional()
  @Transform(digitsToNumber)
  @IsInt()
  @Min(1)
  @Max(MAX_LIMIT)
  limit = DEFAULT_AUDIT_LIMIT;
}

export class PersonDto {
  @IsPlainText()
  email!: string;

  /** All accounts when missing; null is refused. */
  @Alias('id')
  @ValidateIf(isSent)
  @IsAccountId()
  account_id?: number;
}
