import { Transform } from 'class-transformer';
import { IsBoolean, IsOptional } from 'class-validator';
import { Describe, flagToBoolean, IsPlainText } from '../../http/dto-decorators.js';

const MAX_CODE_LENGTH = 4096;

/** What Kommo sends at the end of a consent: `code` or `error` (reference/kommo.md 1.3). */
export class AuthorizationCallbackDto {
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

/** Begins a consent, or carries the result of one. */
export class AuthorizationDto extends AuthorizationCallbackDto {
  @IsOptional()
  @Transform(flagToBoolean)
  @IsBoolean()
  @Describe("Shows a page with Kommo's button instead of redirecting.")
  button?: boolean;
}

/** Whether a query carries the result of a consent. */
export const hasResult = ({ code, error }: AuthorizationCallbackDto): boolean => code !== undefined || error !== undefined;
