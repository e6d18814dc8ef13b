import { randomToken } from '#secrets';
import type { SyncContext } from '../context.js';

/** A human has this long to log in to Kommo and to press "Allow". */
const STATE_LIFETIME_SECONDS = 1_200;

/** What a `state` of ours vouches for. */
export interface AuthorizationState {
  readonly accountId: number;
  readonly clientId: string;
  readonly nonce: string;
}

/** The `state` of the consent flow: signed, expiring, good for one answer. */
export class AuthorizationStates {
  constructor(private readonly context: SyncContext) {}

  /** A new state, good for one answer within 20 minutes. */
  async issue(accountId: number, clientId: string): Promise<string> {
    const { stateSigner, stores, clock } = this.context;
    const nonce = randomToken(24);
    const exp = Math.floor(clock.nowMs() / 1000) + STATE_LIFETIME_SECONDS;
    await stores.authStates.purge();
    await stores.authStates.add(nonce, exp * 1000);
    return stateSigner.signState({ account_id: accountId, client_id: clientId, nonce, exp });
  }

  /** What the state says, or undefined when it is not ours or too old. Does not use it up. */
  read(state: string): AuthorizationState | undefined {
    const payload = this.context.stateSigner.verifyState(state, Math.floor(this.context.clock.nowMs() / 1000));
    return payload && { accountId: payload.account_id, clientId: payload.client_id, nonce: payload.nonce };
  }

  /** True for the first caller only. */
  async useUp({ nonce }: AuthorizationState): Promise<boolean> {
    return this.context.stores.authStates.consume(nonce);
  }
}
