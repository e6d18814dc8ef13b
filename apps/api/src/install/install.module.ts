import { Module } from '@nestjs/common';
import { InstallController } from './install.controller.js';
import { WidgetController } from './widget.controller.js';

@Module({ controllers: [InstallController, WidgetController] })
export class InstallModule {}
