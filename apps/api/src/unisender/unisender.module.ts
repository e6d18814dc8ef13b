import { Module } from '@nestjs/common';
import { SyncModule } from '#sync';
import { UnisenderContactsController } from './unisender-contacts.controller.js';

@Module({ imports: [SyncModule], controllers: [UnisenderContactsController] })
export class UnisenderModule {}
