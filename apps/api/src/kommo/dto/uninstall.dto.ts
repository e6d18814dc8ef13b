import { Alias, IsPlainText } from '../../http/dto-decorators.js';

export class UninstallDto {
  @Alias('client_id')
  @IsPlainText()
  client_uuid!: string;

  @IsPlainText()
  signature!: string;
}
