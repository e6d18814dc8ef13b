import { type FieldProblem, InvalidInputError } from '#domain';
import { parseReferer } from '#kommo';
import type { SyncContext } from '../context.js';
import { type ClientIdentity, getClientIdentity } from '../tokens/credentials.js';
import type { AuthorizationState, AuthorizationStates } from './authorization-states.js';

/** What arrives at the redirect URI (reference/kommo.md 1.3), as strings from a query. */
export interface AuthorizationCallback {
  readonly code?: string | undefined;
  readonly referer?: string | undefined;
  readonly clientId?: string | undefined;
  readonly state?: string | undefined;
  /** Kommo's own server calls after an install of the widget: it sends no state. */
  readonly fromWidget?: boolean | undefined;
  readonly error?: string | undefined;
}

/** An answer whose every part was checked: with it our secret may leave. */
export interface CheckedCallback {
  readonly code: string;
  readonly host: string;
  readonly identity: ClientIdentity;
  /** Whose consent was asked for; undefined when Kommo began the install. */
  readonly expectedAccountId: number | undefined;
}

const CODE = /^[\x21-\x7e]{1,4096}$/;

type Problems = FieldProblem[];

/** Decides whether an answer at the redirect URI may be believed. */
export class AuthorizationCallbacks {
  constructor(
    private readonly context: SyncContext,
    private readonly states: AuthorizationStates,
  ) {}

  /**
   * Checks everything that can be checked without asking Kommo, then uses the state up. Throws InvalidInputError that names
   * every bad field, or `consent_declined`.
   */
  async check(answer: AuthorizationCallback): Promise<CheckedCallback> {
    assertGranted(answer);
    const problems: Problems = [];
    const code = readCode(answer.code, problems);
    const host = this.readHost(answer.referer, problems);
    const state = this.readState(answer, problems);
    const clientId = await this.findClientId(answer.clientId, state, problems);
    if (code === undefined || host === undefined || clientId === undefined || problems.length > 0)
      throw InvalidInputError.ofFields(problems);
    const identity = await getClientIdentity(this.context, clientId);
    if (state) await this.useUp(state);
    return { code, host, identity, expectedAccountId: state?.accountId };
  }

  private readHost(referer: string | undefined, problems: Problems): string | undefined {
    try {
      return parseReferer(referer ?? '', this.context.config.kommoAllowedDomains);
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      problems.push(...error.fields);
      return undefined;
    }
  }

  private readState({ state, fromWidget }: AuthorizationCallback, problems: Problems): AuthorizationState | undefined {
    if (state === undefined && fromWidget === true) return undefined;
    const known = this.states.read(state ?? '');
    if (!known) problems.push({ field: 'state', problem: 'is missing, not ours, or expired: begin again at /auth?id=<account_id>' });
    return known;
  }

  private async findClientId(
    given: string | undefined,
    state: AuthorizationState | undefined,
    problems: Problems,
  ): Promise<string | undefined> {
    const clientId = given ?? state?.clientId ?? (await this.findOnlyClientId());
    const isKnown = clientId !== undefined && (await this.context.stores.integrations.find(clientId)) !== undefined;
    if (!isKnown) problems.push({ field: 'client_id', problem: 'is not a saved integration' });
    else if (state && state.clientId !== clientId) problems.push({ field: 'state', problem: 'was given to another integration' });
    return clientId;
  }

  private async findOnlyClientId(): Promise<string | undefined> {
    const integrations = await this.context.stores.integrations.list();
    return integrations.length === 1 ? integrations[0]?.clientId : undefined;
  }

  private async useUp(state: AuthorizationState): Promise<void> {
    if (await this.states.useUp(state)) return;
    throw InvalidInputError.ofFields([{ field: 'state', problem: 'was used before: begin again at /auth?id=<account_id>' }]);
  }
}

function assertGranted({ error }: AuthorizationCallback): void {
  if (error === undefined) return;
  throw InvalidInputError.ofFields([{ field: 'error', problem: 'says that the access was not granted' }], { code: 'consent_declined' });
}

function readCode(code: string | undefined, problems: Problems): string | undefined {
  if (code !== undefined && CODE.test(code)) return code;
  problems.push({ field: 'code', problem: "must be Kommo's authorization code" });
  return undefined;
}
