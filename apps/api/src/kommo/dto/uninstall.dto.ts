import { Alias, IsAccountId, IsPlainText } from '../../http/dto-decorators.js';

export class UninstallDto {
  @Alias('client_id')
  @IsPlainText()
  client_uuid!: string;

  @IsAccountId()
  account_id!: number;

  @IsPlainText()
  signature!: string;
}
