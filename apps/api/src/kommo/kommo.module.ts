import { Module } from '@nestjs/common';
import { KommoContactsController } from './kommo-contacts.controller.js';

@Module({ controllers: [KommoContactsController] })
export class KommoModule {}
