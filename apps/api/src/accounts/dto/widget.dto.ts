import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { Allow, IsIn, IsInt, IsUUID, Max, Min, ValidateIf } from 'class-validator';
import { type WidgetAction, widgetActions } from '#sync';
import { Alias, Describe, IsPlainText, isSent } from '../../http/dto-decorators.js';
import { findId } from '../../guards/request-ids.js';

export class SaveWidgetDto {
  @Alias('key')
  @ValidateIf(isSent)
  @IsPlainText()
  @Describe('The stored key when it is left out.')
  unisender_key?: string;

  /** Parsed by the use case, which names every bad setting. */
  @Allow()
  @Describe('What changes.', { $ref: '#/components/schemas/SettingsChange' })
  settings?: unknown;
}

/** The id of a contact in Kommo. */
function IsContactId(): PropertyDecorator {
  const message = '$property must be a whole number above 0, in digits';
  return applyDecorators(
    ValidateIf(isSent),
    Transform(({ value }: { value: unknown }) => findId(value) ?? value),
    IsInt({ message }),
    Min(1, { message }),
    Max(Number.MAX_SAFE_INTEGER, { message }),
  );
}

export class WidgetActionDto {
  @IsIn(widgetActions, { message: `$property must be one of ${widgetActions.join(', ')}` })
  action!: WidgetAction;

  @ValidateIf(({ action, run_id }: WidgetActionDto) => run_id !== undefined || action === 'confirm' || action === 'cancel')
  @IsUUID(undefined, { message: '$property must be the id of a run' })
  @Describe('For `confirm` and `cancel`.')
  run_id?: string;

  @IsContactId()
  @Describe('For `resync`: only this contact.')
  contact_id?: number;
}
