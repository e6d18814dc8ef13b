import { Injectable } from '@nestjs/common';
import type { AuthorisedAccount, Secret } from '#domain';
import { KommoClient, type KommoField } from '#kommo';
import { Keyring } from '#secrets';
import { UnisenderClient } from '#unisender';
import { findUsableUnisenderKey } from '../tokens/sealing.js';
import { TokenService } from '../tokens/token-service.js';
import { AccountGate } from './account-gate.js';

/** What the administrator can choose in the widget. Without a usable key, what Unisender has is empty. */
export interface WidgetOptionsView {
  readonly lists: readonly { readonly id: number; readonly title: string }[];
  readonly unisender_fields: readonly { readonly name: string; readonly type: string }[];
  /** `key` is the code or the id, as the setting `fields` takes it. */
  readonly kommo_fields: readonly { readonly key: string; readonly name: string }[];
  readonly tags: readonly string[];
  readonly users: readonly { readonly id: number; readonly name: string }[];
}

/** The addresses themselves. */
const EMAIL_CODE = 'EMAIL';

const toFieldView = ({ fieldId, code, name }: KommoField) => ({ key: code ?? String(fieldId), name });

/** Reads from both vendors what the settings of an account can name. */
@Injectable()
export class WidgetOptions {
  constructor(
    private readonly gate: AccountGate,
    private readonly tokens: TokenService,
    private readonly kommo: KommoClient,
    private readonly unisender: UnisenderClient,
    private readonly keyring: Keyring,
  ) {}

  /** Reads the choices. Throws AccountBlockedError while the account is not authorised, and TransientError. */
  async read({ accountId }: AuthorisedAccount): Promise<WidgetOptionsView> {
    const account = await this.gate.get(accountId, 'call_kommo');
    const key = findUsableUnisenderKey(this.keyring, account);
    const [kommo, unisender] = await Promise.all([this.readKommo(accountId), key ? this.readUnisender(key) : { lists: [], fields: [] }]);
    return {
      lists: unisender.lists.map(({ id, title }) => ({ id, title })),
      unisender_fields: unisender.fields.map(({ name, type }) => ({ name, type })),
      kommo_fields: kommo.fields.filter(({ code }) => code !== EMAIL_CODE).map(toFieldView),
      tags: kommo.tags,
      users: kommo.users.map(({ userId, name }) => ({ id: userId, name })),
    };
  }

  private async readKommo(accountId: number) {
    return this.tokens.withSession(accountId, async (session) => {
      const [fields, tags, users] = await Promise.all([
        this.kommo.listContactFields(session),
        this.kommo.listContactTags(session),
        this.kommo.listUsers(session),
      ]);
      return { fields, tags, users };
    });
  }

  private async readUnisender(key: Secret) {
    const [lists, fields] = await Promise.all([this.unisender.getLists(key), this.unisender.getFields(key)]);
    return { lists, fields };
  }
}
