import { Allow } from 'class-validator';
import { Alias, IsAccountId, IsPlainText } from '../../http/dto-decorators.js';

export class SaveWidgetDto {
  @Alias('id')
  @IsAccountId()
  account_id!: number;

  @Alias('key')
  @IsPlainText()
  unisender_key!: string;

  /** The use case parses the settings, and names every bad one. */
  @Allow()
  settings?: unknown;
}

export class WidgetStatusDto {
  @Alias('id')
  @IsAccountId()
  account_id!: number;
}
