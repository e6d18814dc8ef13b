import { Injectable } from '@nestjs/common';
import { AuthStateStore } from '#database';
import { Clock } from '#domain';
import { StateSigner, randomToken } from '#secrets';

/** The time for a user to log in to Kommo and to allow the access. */
const STATE_LIFETIME_SECONDS = 1_200;

/** The content of a `state` parameter. */
export interface AuthorizationState {
  readonly accountId: number;
  readonly clientId: string;
  readonly nonce: string;
  /** Epoch seconds. */
  readonly expiresAtSeconds: number;
}

/** Creates and checks the `state` parameter of an authorisation: signed, valid for 20 minutes and once. */
@Injectable()
export class AuthorizationStates {
  constructor(
    private readonly signer: StateSigner,
    private readonly authStates: AuthStateStore,
    private readonly clock: Clock,
  ) {}

  /** Creates a state. Stores nothing: anyone may cause it. */
  create(accountId: number, clientId: string): string {
    const nonce = randomToken(24);
    const exp = this.nowSeconds() + STATE_LIFETIME_SECONDS;
    return this.signer.signState({ account_id: accountId, client_id: clientId, nonce, exp });
  }

  /** Returns the content of a state; undefined when its signature is wrong or it has expired. Does not consume it. */
  find(state: string): AuthorizationState | undefined {
    const payload = this.signer.verifyState(state, this.nowSeconds());
    if (!payload) return undefined;
    const { account_id: accountId, client_id: clientId, nonce, exp: expiresAtSeconds } = payload;
    return { accountId, clientId, nonce, expiresAtSeconds };
  }

  /** Makes the state invalid. Returns true for the first call only, over all processes. */
  async consume({ nonce, expiresAtSeconds }: AuthorizationState): Promise<boolean> {
    return this.authStates.consume(nonce, expiresAtSeconds * 1_000);
  }

  private nowSeconds(): number {
    return Math.floor(this.clock.nowMs() / 1000);
  }
}
