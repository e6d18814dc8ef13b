import { Module } from '@nestjs/common';
import { SyncModule } from '#sync';
import { AccountsController } from './accounts.controller.js';
import { WidgetController } from './widget.controller.js';

@Module({ imports: [SyncModule], controllers: [AccountsController, WidgetController] })
export class AccountsModule {}
