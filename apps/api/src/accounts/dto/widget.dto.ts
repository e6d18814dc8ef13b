import { Allow } from 'class-validator';
import { Alias, IsPlainText } from '../../http/dto-decorators.js';

export class SaveWidgetDto {
  @Alias('key')
  @IsPlainText()
  unisender_key!: string;

  /** Parsed by the use case, which names every bad setting. */
  @Allow()
  settings?: unknown;
}
