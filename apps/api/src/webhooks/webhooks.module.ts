import { Module } from '@nestjs/common';
import { SyncModule } from '#sync';
import { KommoWebhookRoute } from './kommo-webhook.route.js';
import { UnisenderWebhookController } from './unisender-webhook.controller.js';

@Module({ imports: [SyncModule], controllers: [UnisenderWebhookController], providers: [KommoWebhookRoute] })
export class WebhooksModule {}
