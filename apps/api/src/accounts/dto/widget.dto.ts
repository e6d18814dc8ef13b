import { Allow, ValidateIf } from 'class-validator';
import { Alias, IsPlainText, isSent } from '../../http/dto-decorators.js';

export class SaveWidgetDto {
  /** The stored key when it is left out. */
  @Alias('key')
  @ValidateIf(isSent)
  @IsPlainText()
  unisender_key?: string;

  /** Parsed by the use case, which names every bad setting. */
  @Allow()
  settings?: unknown;
}
