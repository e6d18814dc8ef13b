import { Controller, Get, Query } from '@nestjs/common';
import { AuditLog } from '#sync';
import { Audience } from '../guards/audience.decorator.js';
import { ListAuditDto } from './dto/operations.dto.js';

/** Lists what operators, widget users and commands did, newest first. */
@Controller('operations/audit')
export class AuditController {
  constructor(private readonly log: AuditLog) {}

  @Get()
  @Audience('operator')
  async list(@Query() { account_id, before, limit }: ListAuditDto) {
    const audit = await this.log.list({ accountId: account_id, before, limit });
    return { audit, next_before: audit.length < limit ? null : (audit.at(-1)?.audit_id ?? null) };
  }
}
