import { Module } from '@nestjs/common';
import { UnisenderContactsController } from './unisender-contacts.controller.js';

@Module({ controllers: [UnisenderContactsController] })
export class UnisenderModule {}
