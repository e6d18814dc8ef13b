import { Module } from '@nestjs/common';
import { SyncModule } from '#sync';
import { BackgroundWork } from '../http/background-work.js';
import { AuthorizationController } from './authorization.controller.js';
import { IntegrationController } from './integration.controller.js';
import { KommoContactsController } from './kommo-contacts.controller.js';
import { UninstallController } from './uninstall.controller.js';

@Module({
  imports: [SyncModule],
  controllers: [IntegrationController, AuthorizationController, KommoContactsController, UninstallController],
  providers: [BackgroundWork],
})
export class KommoModule {}
