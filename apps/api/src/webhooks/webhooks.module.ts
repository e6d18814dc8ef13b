import { Module } from '@nestjs/common';
import { KommoWebhookRoute } from './kommo-webhook.route.js';
import { UnisenderWebhookController } from './unisender-webhook.controller.js';

@Module({ controllers: [UnisenderWebhookController], providers: [KommoWebhookRoute] })
export class WebhooksModule {}
