import { Injectable } from '@nestjs/common';
import { Config } from '#config';
import { AccountStore } from '#database';
import { type FieldProblem, InvalidInputError } from '#domain';
import { hasReservedLabel, parseReferer } from '#kommo';
import { type OAuthClient, OAuthClients } from '../tokens/oauth-clients.js';
import { type AuthorizationState, AuthorizationStates } from './authorization-states.js';

/** The query with which Kommo calls the redirect URI (reference/kommo.md 1.3). */
export interface AuthorizationCallback {
  readonly code?: string | undefined;
  readonly referer?: string | undefined;
  readonly clientId?: string | undefined;
  readonly state?: string | undefined;
  /** True for the call of Kommo's server after a user installed the widget. That call has no state. */
  readonly fromWidget?: boolean | undefined;
  readonly error?: string | undefined;
}

/** A callback whose fields are all valid: Kommo may get the client secret. */
export interface CheckedCallback {
  readonly code: string;
  readonly host: string;
  /** Whether an account has this host. */
  readonly isKnownHost: boolean;
  readonly client: OAuthClient;
  /** The account of the link; undefined when the authorisation began in Kommo. */
  readonly expectedAccountId: number | undefined;
}

const CODE = /^[\x21-\x7e]{1,4096}$/;
const BEGIN_AGAIN = 'begin again at /auth?id=<account_id>';

type Problems = FieldProblem[];

/** Checks the callbacks of Kommo's consent page. */
@Injectable()
export class AuthorizationCallbacks {
  constructor(
    private readonly clients: OAuthClients,
    private readonly states: AuthorizationStates,
    private readonly accounts: AccountStore,
    private readonly config: Config,
  ) {}

  /**
   * Checks a callback without a call to Kommo, and consumes its state. Throws InvalidInputError that names every bad field, or
   * `consent_declined`.
   */
  async check(callback: AuthorizationCallback): Promise<CheckedCallback> {
    assertGranted(callback);
    const problems: Problems = [];
    const code = readCode(callback.code, problems);
    const host = await this.findHost(callback.referer, problems);
    const state = this.readState(callback, problems);
    const client = await this.findClient(callback.clientId, state, problems);
    if (code === undefined || host === undefined || client === undefined || problems.length > 0) throw InvalidInputError.ofFields(problems);
    if (state) await this.consume(state);
    return { code, ...host, client, expectedAccountId: state?.accountId };
  }

  /** The client secret is sent to this host: it must be that of a known account, or may not be one of Kommo's own. */
  private async findHost(
    referer: string | undefined,
    problems: Problems,
  ): Promise<Pick<CheckedCallback, 'host' | 'isKnownHost'> | undefined> {
    try {
      const host = parseReferer(referer ?? '', this.config.kommoAllowedDomains);
      const isKnownHost = await this.accounts.isKnownHost(host);
      if (isKnownHost || !hasReservedLabel(host, this.config.kommoReservedLabels)) return { host, isKnownHost };
      problems.push({ field: 'referer', problem: 'is a host of Kommo, not of an account (KOMMO_RESERVED_LABELS)' });
      return undefined;
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      problems.push(...error.fields);
      return undefined;
    }
  }

  private readState({ state, fromWidget }: AuthorizationCallback, problems: Problems): AuthorizationState | undefined {
    if (state === undefined && fromWidget === true) return undefined;
    const known = this.states.find(state ?? '');
    if (!known) problems.push({ field: 'state', problem: `is missing, not ours, or expired: ${BEGIN_AGAIN}` });
    return known;
  }

  private async findClient(
    requested: string | undefined,
    state: AuthorizationState | undefined,
    problems: Problems,
  ): Promise<OAuthClient | undefined> {
    const clientId = requested ?? state?.clientId ?? (await this.findOnlyClientId());
    const client = clientId === undefined ? undefined : await this.clients.find(clientId);
    if (!client) problems.push({ field: 'client_id', problem: 'is not a saved integration' });
    else if (state && state.clientId !== clientId) problems.push({ field: 'state', problem: 'belongs to another integration' });
    return client;
  }

  private async findOnlyClientId(): Promise<string | undefined> {
    const ids = await this.clients.listIds();
    return ids.length === 1 ? ids[0] : undefined;
  }

  private async consume(state: AuthorizationState): Promise<void> {
    if (await this.states.consume(state)) return;
    throw InvalidInputError.ofFields([{ field: 'state', problem: `was used before: ${BEGIN_AGAIN}` }]);
  }
}

function assertGranted({ error }: AuthorizationCallback): void {
  if (error === undefined) return;
  throw InvalidInputError.ofFields([{ field: 'error', problem: 'says that the user declined the access' }], { code: 'consent_declined' });
}

function readCode(code: string | undefined, problems: Problems): string | undefined {
  if (code !== undefined && CODE.test(code)) return code;
  problems.push({ field: 'code', problem: "must be Kommo's authorization code" });
  return undefined;
}
