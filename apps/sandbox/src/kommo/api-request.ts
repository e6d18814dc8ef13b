import type { IncomingCall, Reply } from '../http/message.js';
import type { PathParams } from '../http/router.js';
import type { KommoAccount } from './account.js';
import type { Grant } from './oauth-server.js';

/** An authenticated call to `/api/v4`. */
export interface ApiRequest {
  readonly call: IncomingCall;
  readonly account: KommoAccount;
  readonly grant: Grant;
  readonly params: PathParams;
}

export type ApiHandler = (request: ApiRequest) => Reply;
