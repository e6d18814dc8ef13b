import { Transform } from 'class-transformer';
import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { digitsToNumber, IsPlainText } from '../../http/dto-decorators.js';

const DEFAULT_AUDIT_LIMIT = 100;
const MAX_LIMIT = 1_000;
const MAX_AUDIT_ID_LENGTH = 32;

/** How many entries to list, newest first. */
export class NewestDto {
  @IsOptional()
  @Transform(digitsToNumber)
  @IsInt()
  @Min(1)
  @Max(MAX_LIMIT)
  limit?: number;
}

export class ListAuditDto {
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
}
