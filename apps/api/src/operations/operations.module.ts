import { Module } from '@nestjs/common';
import { AuditController } from './audit.controller.js';
import { OperationsController } from './operations.controller.js';
import { PersonalDataController } from './personal-data.controller.js';

@Module({ controllers: [OperationsController, AuditController, PersonalDataController] })
export class OperationsModule {}
