import { Module } from '@nestjs/common';
import { KommoContactsController } from './kommo-contacts.controller.js';
import { UninstallController } from './uninstall.controller.js';

@Module({ controllers: [KommoContactsController, UninstallController] })
export class KommoModule {}
