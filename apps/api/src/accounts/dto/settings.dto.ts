import { Transform } from 'class-transformer';
import { IsBoolean, IsOptional } from 'class-validator';
import { Describe, flagToBoolean } from '../../http/dto-decorators.js';
import { ACCOUNT_FIELDS } from '../../guards/request-account.js';

export class PreviewDto {
  @IsOptional()
  @Transform(flagToBoolean)
  @IsBoolean({ message: '$property must be 1 or 0' })
  @Describe('Counts what the change would do, and saves nothing.')
  preview?: boolean;
}

/** Settings by their names. The use case parses them and names every bad or unknown one, which a DTO class would drop. */
export type SettingsBody = Readonly<Record<string, unknown>>;

/** The settings of a body, without the account that it may name too. */
export const toSettingsChange = (body: SettingsBody = {}): SettingsBody =>
  Object.fromEntries(Object.entries(body).filter(([name]) => !(ACCOUNT_FIELDS as readonly string[]).includes(name)));
