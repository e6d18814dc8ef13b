import { Module } from '@nestjs/common';
import { AuthorizationController } from './authorization.controller.js';
import { IntegrationController } from './integration.controller.js';
import { KommoContactsController } from './kommo-contacts.controller.js';
import { UninstallController } from './uninstall.controller.js';

@Module({ controllers: [IntegrationController, AuthorizationController, KommoContactsController, UninstallController] })
export class KommoModule {}
