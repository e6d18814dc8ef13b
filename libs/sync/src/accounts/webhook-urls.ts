import { Injectable } from '@nestjs/common';
import { Config } from '#config';
import type { AccountEntity } from '#database';
import { Keyring, randomToken } from '#secrets';
import { hashWebhookToken } from '../intake/webhook-tokens.js';
import { webhookTokenContext } from '../tokens/sealing.js';

/** Creates and reads the URLs to which the vendors send the events of an account. They contain a secret token: never log or show them. */
@Injectable()
export class WebhookUrls {
  constructor(
    private readonly keyring: Keyring,
    private readonly config: Config,
  ) {}

  /** Creates the token of a new account, encrypted for its row, with the hash by which it is found. */
  createToken(accountId: number): Pick<AccountEntity, 'webhookToken' | 'webhookTokenHash'> {
    const token = randomToken();
    return { webhookToken: this.keyring.encrypt(token, webhookTokenContext(accountId)), webhookTokenHash: hashWebhookToken(token) };
  }

  /** Returns the URL for Kommo. */
  getKommoUrl(account: AccountEntity): string {
    return `${this.config.publicUrl}/webhook/${this.getToken(account)}`;
  }

  /** Returns the URL for Unisender. */
  getUnisenderUrl(account: AccountEntity): string {
    return `${this.config.publicUrl}/unisender/webhook/${this.getToken(account)}`;
  }

  private getToken({ accountId, webhookToken }: AccountEntity): string {
    return this.keyring.decrypt(webhookToken, webhookTokenContext(accountId)).reveal();
  }
}
