import { Module } from '@nestjs/common';
import { AccountsController } from './accounts.controller.js';
import { WidgetController } from './widget.controller.js';

@Module({ controllers: [AccountsController, WidgetController] })
export class AccountsModule {}
