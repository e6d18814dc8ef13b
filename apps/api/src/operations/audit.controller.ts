import { Controller, Get, Inject, Query } from '@nestjs/common';
import type { SyncServices } from '#sync';
import { Audience } from '../guards/audience.js';
import { From, Id, Optional, Text, Whole } from '../http/fields.js';
import { SERVICES } from '../parts.js';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;
const AUDIT_ID_LENGTH = 32;

class AuditQuery {
  @From('id')
  @Optional()
  @Id()
  account_id?: number;

  /** Go on behind this entry. */
  @Optional()
  @Text(AUDIT_ID_LENGTH)
  before?: string;

  @Optional()
  @Whole(1, MAX_LIMIT)
  limit?: number;
}

/** What operators did, newest first. */
@Controller('operations/audit')
export class AuditController {
  constructor(@Inject(SERVICES) private readonly services: Pick<SyncServices, 'audit'>) {}

  @Get()
  @Audience('operator')
  async list(@Query() { account_id, before, limit = DEFAULT_LIMIT }: AuditQuery) {
    const audit = await this.services.audit.list({ accountId: account_id, before, limit });
    return { audit, next_before: audit.length < limit ? null : (audit.at(-1)?.audit_id ?? null) };
  }
}
