import { Transform } from 'class-transformer';
import { IsBoolean, IsOptional, ValidateIf } from 'class-validator';
import { flagToBoolean, IsAccountId, IsPlainText } from '../../http/dto-decorators.js';

const MAX_CODE_LENGTH = 4096;

/** What Kommo sends at the end of a consent: `code` or `error` (reference/kommo.md 1.3). */
abstract class ConsentResultDto {
  @IsOptional()
  @IsPlainText()
  client_id?: string;

  @IsOptional()
  @IsPlainText(MAX_CODE_LENGTH)
  code?: string;

  @IsOptional()
  @IsPlainText()
  referer?: string;

  @IsOptional()
  @IsPlainText(MAX_CODE_LENGTH)
  state?: string;

  @IsOptional()
  @Transform(flagToBoolean)
  @IsBoolean()
  from_widget?: boolean;

  @IsOptional()
  @IsPlainText()
  error?: string;
}

export class AuthorizationCallbackDto extends ConsentResultDto {
  @IsOptional()
  @IsAccountId()
  id?: number;
}

const hasResult = ({ code, error }: ConsentResultDto) => code !== undefined || error !== undefined;

/** Begins a consent for the account `id`, or carries the result of one. */
export class AuthorizationDto extends ConsentResultDto {
  @ValidateIf((query: AuthorizationDto) => query.id !== undefined || !hasResult(query))
  @IsAccountId()
  id?: number;

  /** Shows a page with Kommo's button instead of redirecting. */
  @IsOptional()
  @Transform(flagToBoolean)
  @IsBoolean()
  button?: boolean;
}

/** Whether a validated query begins a consent. */
export const beginsConsent = (query: AuthorizationDto): query is AuthorizationDto & { id: number } =>
  query.id !== undefined && !hasResult(query);
