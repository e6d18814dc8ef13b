import { Module } from '@nestjs/common';
import { KommoWebhookRoute } from './kommo-webhook.route.js';
import { UnisenderWebhookController } from './unisender-webhook.controller.js';
import { WebhookAccounts } from './webhook-accounts.js';

@Module({ controllers: [UnisenderWebhookController], providers: [KommoWebhookRoute, WebhookAccounts] })
export class WebhooksModule {}
