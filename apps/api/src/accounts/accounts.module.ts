import { Module } from '@nestjs/common';
import { SyncModule } from '#sync';
import { AccountsController } from './accounts.controller.js';
import { WidgetController, WidgetPanelController, WidgetZipController } from './widget.controller.js';
import { WidgetZip } from './widget-zip.js';

@Module({
  imports: [SyncModule],
  controllers: [AccountsController, WidgetController, WidgetPanelController, WidgetZipController],
  providers: [WidgetZip],
})
export class AccountsModule {}
