import { Allow } from 'class-validator';
import { Alias, IsAccountId, IsPlainText } from '../../http/dto-decorators.js';

export class SaveWidgetDto {
  @Alias('id')
  @IsAccountId()
  account_id!: number;

  @Alias('key')
  @IsPlainText()
  unisender_key!: string;

  /** Parsed by the use case, which names every bad setting. */
  @Allow()
  settings?: unknown;
}

export class WidgetStatusDto {
  @Alias('id')
  @IsAccountId()
  account_id!: number;
}
