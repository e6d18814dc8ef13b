import { Module } from '@nestjs/common';
import { KommoWebhookController } from './kommo-webhook.controller.js';
import { UnisenderWebhookController } from './unisender-webhook.controller.js';

@Module({ controllers: [KommoWebhookController, UnisenderWebhookController] })
export class WebhooksModule {}
